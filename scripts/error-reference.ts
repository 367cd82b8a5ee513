import { type ProblemCode, type ProblemKind, problems } from '../packages/domain/src/problem.ts'

const retry: Readonly<Record<ProblemKind['retry'], string>> = {
  no: 'The same request will not succeed: change it.',
  later: 'The same request can succeed later.',
  after_change: 'Someone has to change something else first.',
}

/** docs/reference/errors.md: a heading for each code, so that a code in an answer can be looked up. */
export function errorReference(): string {
  const codes = Object.entries(problems) as [ProblemCode, ProblemKind][]
  const sections = codes.map(
    ([code, kind]) => `## ${code}\n\n${capitalised(kind.title)}. Status ${kind.status}. ${retry[kind.retry]}\n`,
  )
  return [
    '<!-- Made by `npm run generate` from packages/domain/src/problem.ts. Do not edit. -->',
    '',
    '# Errors',
    '',
    'Every refusal is a problem document (RFC 9457), media type `application/problem+json`. Its `code` is one of these, and',
    '`type` is `urn:mayfly:problem:<code>`. `detail` says what was wrong this time, `hint` what to do about it, `errors` names',
    'every field at fault by JSON pointer, `request_id` finds the request in the log.',
    '',
    '`retry` says what helps: `no` (change the request), `later` (the same request can succeed later), `after_change`',
    '(someone must change something else first). The OAuth endpoints answer as RFC 6749 section 5.2 says instead.',
    '',
    ...sections,
  ].join('\n')
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
