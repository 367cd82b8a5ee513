/** An authority for the benchmarks, opened on what has ended in memory. */
import { createMemoryEnds } from '@mayfly/provider-kit'
import { x509Provider, x509Secret, x509Settings } from '@mayfly/provider-x509'

export async function openX509Bench() {
  const settings = x509Settings.parse({ common_name: 'Bench CA' })
  const made = await x509Provider.completeSecret(settings, x509Secret.parse({}), undefined)
  const secret = x509Secret.parse(JSON.parse(made.reveal()))
  return { secret, target: await x509Provider.open({ settings, secret, published: createMemoryEnds() }) }
}
