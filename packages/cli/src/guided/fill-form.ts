/**
 * Fills the parts of a kind's form by asking a person. An answer that does not fit is told with what is wrong, and asked for
 * again; nobody is sent back to the beginning for a slip.
 */
import type { FormFault, FormPart, ProviderForm } from '@mayfly/server'
import { UsageError } from '../usage-error.ts'
import { faultsOf, type Forms, schemaOf } from './form-parts.ts'
import { missingQuestions, type Question, questionAt } from './questions.ts'
import { askQuestion, type Terminal } from './terminal.ts'

export type Members = Record<string, unknown>

export interface FormFiller {
  /**
   * Asks until nothing required is missing and nothing is wrong: an answer may open further questions.
   *
   * @param settings of the same form; of the settings themselves they are what is being filled
   */
  fill(part: FormPart, given: unknown, settings?: unknown): Promise<Members>
  /** Asks for one member of the settings, before the others. */
  ask(name: string, settings: Members): Promise<void>
  /** Asks for items of a list of the settings, each member by member. */
  fillList(name: string, settings: Members): Promise<void>
}

export function openForm(
  terminal: Terminal,
  forms: Forms,
  form: ProviderForm,
  say: (text: string) => void,
): FormFiller {
  async function answer(part: FormPart, value: Members, question: Question, settings: unknown): Promise<void> {
    for (;;) {
      place(value, question.path, await askQuestion(terminal, question, part === 'secret'))
      const faults = faultsOf(forms, form, part, value, settings).filter(({ path }) => isBelow(path, question.path))
      if (faults.length === 0) return
      for (const fault of faults) say(told(fault))
    }
  }

  async function fillMissing(part: FormPart, value: Members, settings: unknown): Promise<void> {
    for (;;) {
      const schema = schemaOf(forms, form, part, settings)
      const [missing] = missingQuestions(schema, value)
      if (missing !== undefined) {
        await answer(part, value, missing, settings)
        continue
      }
      const faults = faultsOf(forms, form, part, value, settings)
      const [fault] = faults
      if (fault === undefined) return
      const question = questionAt(schema, fault.path, value)
      if (question === undefined) throw notAskable(part, faults)
      say(told(fault))
      // An item of a list is asked for member by member, from the beginning.
      if (question.kind === 'json' && /^\d+$/.test(fault.path.at(-1) ?? '')) place(value, fault.path, {})
      else await answer(part, value, question, settings)
    }
  }

  return {
    async fill(part, given, settings) {
      const value = structuredClone(given ?? {}) as Members
      await fillMissing(part, value, part === 'settings' ? value : settings)
      return value
    },
    async ask(name, settings) {
      const question = questionAt(form.settings, [name], settings)
      if (question !== undefined) await answer('settings', settings, question, settings)
    },
    async fillList(name, settings) {
      const help = questionAt(form.settings, [name], settings)?.help
      const what = help === undefined ? name : `${name} (${help})`
      const items: unknown[] = []
      settings[name] = items
      while (await terminal.yes(items.length === 0 ? `${what}: name one now?` : 'name another one?')) {
        items.push({})
        await fillMissing('settings', settings, settings)
      }
    },
  }
}

function place(value: Members, path: readonly string[], answer: unknown): void {
  let at = value
  for (const step of path.slice(0, -1)) at = (at[step] ??= {}) as Members
  at[path.at(-1) ?? ''] = answer
}

function isBelow(path: readonly string[], of: readonly string[]): boolean {
  return of.every((step, at) => path[at] === step)
}

function told({ path, detail }: FormFault): string {
  return path.length === 0 ? detail : `\`${path.join('.')}\`: ${detail}`
}

function notAskable(part: FormPart, faults: readonly FormFault[]): UsageError {
  const option = { settings: '--setting', secret: '--secret', permission: '--permission' }[part]
  return new UsageError(
    `what was given with \`${option}\` does not fit; nothing was registered`,
    `mend \`${option}\`, then call this again`,
    faults.map(told),
  )
}
