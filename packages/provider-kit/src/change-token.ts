/** For the suite of self-contained kinds: tokens in parts that dots part, each time with another part changed. */
import type { IssuedAccount } from './provider.ts'
import { Secret } from './secret.ts'
import type { ChangedAccount } from './self-contained-conformance.ts'

export function changeToken(account: IssuedAccount): readonly ChangedAccount[] {
  return [0, 1, 2].map((part) => ({ what: `part ${part} of it`, account: withPartChanged(account, part) }))
}

/** One letter of the part: not its last, which may hold spare bits. */
function withPartChanged(account: IssuedAccount, part: number): IssuedAccount {
  const changeOne = (text: string) => {
    const at = Math.floor(text.length / 2)
    return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
  }
  const fields = Object.entries(account.fields).map(([name, field]) => {
    if (!(field instanceof Secret)) return [name, field] as const
    const parts = field.reveal().split('.')
    return [name, new Secret(parts.map((one, at) => (at === part ? changeOne(one) : one)).join('.'))] as const
  })
  return { ...account, fields: Object.fromEntries(fields) }
}
