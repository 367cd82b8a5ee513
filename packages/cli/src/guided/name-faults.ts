/** What can be told of a name as soon as it is typed, and not after all the others have been asked. */
import { type MayflyClient, ProblemError } from '@mayfly/client'

export async function faultOfName(api: MayflyClient, ref: string): Promise<string | undefined> {
  const status = await statusOf(api.GET('/v1/resources/{ref}', { params: { path: { ref } } }))
  return status === 200 ? 'the name is already in use: give another one' : undefined
}

export async function faultOfOwner(api: MayflyClient, ref: string): Promise<string | undefined> {
  const status = await statusOf(api.GET('/v1/owners/{ref}', { params: { path: { ref } } }))
  return status === 404
    ? 'there is no owner of this name: `mayfly owner list` shows them, `mayfly owner add` registers one'
    : undefined
}

/** What may not be asked here the server judges when it is registered. */
async function statusOf(asked: Promise<{ readonly response: Response }>): Promise<number> {
  try {
    return (await asked).response.status
  } catch (error) {
    if (error instanceof ProblemError && error.status > 0) return error.status
    throw error
  }
}
