/** The process in which a policy text is compiled; thrown away afterwards (policy-compiler.ts). */
import { openCedar } from './cedar-instance.ts'
import { cedarSchema } from './cedar-schema.ts'
import { compilePolicies } from './compile-policies.ts'

// Until then nothing that goes wrong is the fault of a text.
process.send?.('ready')
process.once('message', (text) => {
  process.send?.(compilePolicies(openCedar(), cedarSchema(), String(text)))
})
// Nobody is left to be answered: whoever asked has what it wanted, or is gone.
process.once('disconnect', () => process.exit())
