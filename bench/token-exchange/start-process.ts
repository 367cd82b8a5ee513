import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface ServerProcess extends AsyncDisposable {
  readonly url: string
}

/** A process that sends its URL once it listens, and ends when we let go of it. @param file below `bench/` */
export async function startProcess(file: string, args: readonly string[]): Promise<ServerProcess> {
  const child = fork(fileURLToPath(new URL(`../${file}`, import.meta.url)), [...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  const url = await new Promise<string>((done, fail) => {
    child.once('message', (message) => done((message as { url: string }).url))
    child.once('exit', (code) => fail(new Error(`${file} ended with ${code}`)))
  })
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await ended
    },
  }
}
