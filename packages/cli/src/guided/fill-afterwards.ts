import { answerOf, type MayflyClient } from '@mayfly/client'
import type { ProviderForm } from '@mayfly/server'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { type Checked, checkRegistered, findingsTable } from './check-registered.ts'
import type { FormFiller } from './fill-form.ts'
import type { Terminal } from './terminal.ts'

/**
 * What can be said of a resource only once it is registered: the targets have to believe what it publishes (the authority
 * of `ssh`) before they can be named and tried.
 *
 * @param later members of the settings, each a list
 */
export async function fillAfterwards(
  cli: Cli,
  api: MayflyClient,
  { form, yes }: { readonly form: ProviderForm; readonly yes: boolean },
  { terminal, filler }: { readonly terminal: Terminal; readonly filler: FormFiller },
  registered: Checked,
  later: readonly string[],
): Promise<Checked> {
  const { name, version } = registered
  cli.out.say(`\`${name}\` is registered. Now run this at each target, as somebody who may`)
  cli.out.log(form.guide.replaceAll(/\bRESOURCE\b/g, name))
  if (!yes && !(await terminal.yes('has it been run?'))) {
    cli.out.say(
      later.map((one) => `name them later: \`mayfly resource update ${name} --setting '${one}=…'\``).join('; '),
    )
    return registered
  }
  const settings = structuredClone(registered.settings)
  for (const one of later) await filler.fillList(one, settings)
  const body = { settings, version } as never
  await answerOf(api.PATCH('/v1/resources/{ref}', { params: { path: { ref: name } }, body }))
  for (;;) {
    cli.out.progress('checking it at its targets')
    const checked = await checkRegistered(api, name)
    const findings = checked.check ?? []
    cli.out.log(findingsTable(findings))
    const failed = findings.filter(({ outcome }) => outcome === 'failed')
    if (failed.length === 0) return checked
    cli.out.say(`${failed.length} of ${findings.length} failed; it stays registered, and works where it passed`)
    if (await terminal.yes('mend what they name; check again?')) continue
    cli.exitWith(exitCodes.failed)
    return checked
  }
}
