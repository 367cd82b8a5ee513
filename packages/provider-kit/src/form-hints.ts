/**
 * What a schema says to whoever asks a person for its value, step by step: given to zod's `meta`, it stands in the JSON
 * Schema as keywords of these names.
 */
export interface FormHints {
  /** What to answer, in a few words and with an example: `names of servers, e.g. api.orders.example`. */
  readonly description?: string
  /**
   * Asked although it may be left out. `afterwards`: once the resource is registered, because what it publishes has to be at
   * the target first.
   */
  readonly asked?: true | 'afterwards'
  /** Its members are those of another kind: of the one that the setting `kind_from` names. */
  readonly form?: { readonly kind_from: string; readonly part: 'settings' | 'secret' }
}

/** Typed, where `meta` takes anything. */
export function hints(said: FormHints): FormHints & Record<string, unknown> {
  return { ...said }
}
