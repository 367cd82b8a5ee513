/**
 * docs/reference/*-conformance.md: what each standard asks for, and the tests that show it. A title that begins with a tag
 * (`[RFC9449 4.3] …`) belongs to the requirement of that tag; titles are read from the files, nothing is run.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { oauthStandards } from './conformance/oauth-requirements.ts'
import type { Standard } from './conformance/requirement.ts'
import { spiffeStandards } from './conformance/spiffe-requirements.ts'

export interface TaggedTest {
  readonly tags: readonly string[]
  readonly title: string
  readonly path: string
}

export interface ConformancePage {
  readonly path: string
  readonly text: string
}

const taggedTitle = /(['"`])((?:\[[A-Z][A-Za-z0-9-]*(?: [\w.]+)?\] )+)((?:\\.|(?!\1).)+)\1/g

/** @throws Error every requirement without its test, and every tag that nothing explains */
export function conformanceReference(root: string): readonly ConformancePage[] {
  const tests = readTests(root)
  const standards = [...oauthStandards, ...spiffeStandards]
  const faults = judge(standards, tests)
  if (faults.length > 0) throw new Error(`conformance:\n  ${faults.join('\n  ')}`)
  return [
    page('oauth-conformance', 'OAuth 2.0: what is supported, and the tests that show it', oauthStandards, tests),
    page('spiffe-conformance', 'SPIFFE: what is supported, and the tests that show it', spiffeStandards, tests),
  ]
}

function readTests(root: string): readonly TaggedTest[] {
  const paths = globSync(['packages/**/*.test.ts', 'test/**/*.test.ts'], {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  })
  return paths.toSorted().flatMap((path) => readTitles(path, readFileSync(join(root, path), 'utf8')))
}

export function readTitles(path: string, text: string): readonly TaggedTest[] {
  return [...text.matchAll(taggedTitle)].map(([, , tags = '', title = '']) => ({
    tags: [...tags.matchAll(/\[([^\]]+)\]/g)].map(([, tag = '']) => tag),
    title: title.replaceAll(/\\(.)/g, '$1'),
    path,
  }))
}

export function judge(standards: readonly Standard[], tests: readonly TaggedTest[]): readonly string[] {
  const shown = new Set(tests.flatMap(({ tags }) => tags))
  const known = standards.flatMap((standard) => standard.requirements)
  const twice = known.filter((one, index) => known.findIndex(({ tag }) => tag === one.tag) !== index)
  const missing = known.filter((one) => one.notSupported === undefined && !shown.has(one.tag))
  const strange = tests.filter(({ tags }) => tags.some((tag) => !standards.some(({ prefix }) => prefix.test(tag))))
  return [
    ...twice.map(({ tag }) => `[${tag}] stands in the tables twice`),
    ...missing.map(({ tag }) => `[${tag}] is called supported, and no test has it in its title`),
    ...strange.map(({ path, tags, title }) => `${path}: [${tags.join('] [')}] of \`${title}\` is of no known standard`),
  ]
}

function page(
  name: string,
  title: string,
  standards: readonly Standard[],
  tests: readonly TaggedTest[],
): ConformancePage {
  const lines = [
    '<!-- Made by `npm run generate` from scripts/conformance and the titles of the tests. Do not edit. -->',
    '',
    `# ${title}`,
    '',
    'Each requirement is told in our words; the standard itself counts. A requirement without a reason against it has at',
    'least one test, or `npm run check` fails.',
    '',
    ...standards.flatMap((standard) => section(standard, tests)),
  ]
  return { path: `docs/reference/${name}.md`, text: lines.join('\n') }
}

function section({ title, url, prefix, requirements }: Standard, tests: readonly TaggedTest[]): readonly string[] {
  const explained = new Set(requirements.map(({ tag }) => tag))
  const others = tests.filter(({ tags }) => tags.some((tag) => prefix.test(tag) && !explained.has(tag)))
  return [
    `## ${title}`,
    '',
    `<${url}>`,
    '',
    ...requirements.flatMap((one) => {
      const reason = one.notSupported
      const state = reason === undefined ? '' : ` **Not supported**: ${reason}.`
      const shownBy = tests.filter(({ tags }) => tags.includes(one.tag))
      return [`- **${one.tag}** ${one.says}.${state}`, ...shownBy.map(describe)]
    }),
    ...others.map((test) => `- **${test.tags.join(', ')}** ${test.title} (\`${test.path}\`)`),
    '',
  ]
}

function describe({ title, path }: TaggedTest): string {
  return `  - ${title} (\`${path}\`)`
}
