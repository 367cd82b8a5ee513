/** The server's front door: for the command line, the demo and tests. Everything else is its own business. */
export {
  behindTlsProxyConsent,
  type Config,
  describeConfigFaults,
  environmentSchema,
  loadConfig,
} from './composition/config.ts'
export { makeLogger, type ServerLogger } from './composition/logger.ts'
export { type RunningServer, type StartOverrides, startServer } from './composition/main.ts'
export type { FormFault, FormPart, ProviderForm } from './composition/provider-forms.ts'
export { providerForms, providerGuides } from './composition/wire.ts'
export { readDefaultPolicy } from './application/decision/ensure-default-policy.ts'
