/** Makes the file of an offline bundle. */
import { encodeBase64, encodeUtf8 } from '../log/bytes.ts'
import { canonicalJson, type JsonObject } from '../log/canonical-json.ts'
import type { Sha256 } from '../log/merkle.ts'
import { type NoteSigner, signNote } from '../log/note.ts'
import { MayflyError } from '../problem.ts'
import { maxBundleSizeBytes, offlineBundleFormat } from './offline-bundle.ts'

export interface NewOfflineBundle {
  readonly origin: string
  readonly trustDomain: string
  readonly sequence: number
  readonly madeAt: Date
  /** Verifier keys; those of the signers are among them. */
  readonly keys: readonly string[]
  /** By name, each with `made_at` and `next_update`, as the format has them. */
  readonly sections: Readonly<Record<string, JsonObject>>
}

/**
 * @param signers the active key; after a change of keys the former one too, so that a site that missed the change can
 *   follow it
 * @throws MayflyError `internal`: it would be larger than a reader takes, or holds what is not plain JSON
 */
export async function signOfflineBundle(
  sha256: Sha256,
  bundle: NewOfflineBundle,
  signers: readonly NoteSigner[],
): Promise<Uint8Array> {
  const body = canonicalJson({
    v: 1,
    origin: bundle.origin,
    trust_domain: bundle.trustDomain,
    sequence: bundle.sequence,
    made_at: bundle.madeAt.toISOString(),
    keys: bundle.keys,
    sections: bundle.sections,
  })
  const head = `${offlineBundleFormat}\n${bundle.origin}\n${encodeBase64(sha256(encodeUtf8(body)))}\n`
  const file = encodeUtf8(`${await signNote(head, signers)}\n${body}`)
  if (file.length > maxBundleSizeBytes) {
    throw new MayflyError('internal', { log: `an offline bundle of ${file.length} bytes is too large to be read` })
  }
  return file
}
