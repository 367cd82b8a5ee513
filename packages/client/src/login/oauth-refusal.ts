/** The token endpoint said no (RFC 6749 section 5.2). */
export class OAuthRefusal extends Error {
  override readonly name = 'OAuthRefusal'
  readonly status: number
  /** RFC 6749's code, e.g. `invalid_client`. */
  readonly code: string
  /** Policy denied it: `mayfly explain` tells why. */
  readonly decisionId: string | undefined

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    const { error, error_description: description, decision_id: decisionId } = body
    super(typeof description === 'string' ? description : `the token endpoint answered with HTTP ${status}`)
    this.status = status
    this.code = typeof error === 'string' ? error : 'server_error'
    this.decisionId = typeof decisionId === 'string' ? decisionId : undefined
  }
}
