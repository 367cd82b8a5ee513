import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What each side tells once it listens; some tell more. */
export interface Told {
  readonly url: string
}

/** A process that tells what it is once it listens, and ends when we let go of it. @param file below `bench/` */
export async function startProcess<T extends Told = Told>(
  file: string,
  args: readonly string[],
): Promise<T & AsyncDisposable> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  const told = await new Promise<T>((done, fail) => {
    child.once('message', (message) => done(message as T))
    child.once('exit', (code) => fail(new Error(`${file} ended with ${code}`)))
  })
  return {
    ...told,
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await ended
    },
  }
}
