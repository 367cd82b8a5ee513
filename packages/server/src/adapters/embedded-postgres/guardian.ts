/**
 * Ends the server when its parent dies, where the kernel does not do so (macOS, Windows, a `setpriv` without
 * `--pdeathsig`): a small process between the two, which holds the far end of a pipe. The kernel closes the near end
 * however the parent dies.
 *
 * Limit: a guardian that is killed itself leaves its server behind. The next start finds and ends it.
 */

/** The guardian as a program for `node -e`. Its arguments: user id and group id (empty: its own), then the command. */
export function guardianProgram(): string {
  return `(${guard.toString()})()`
}

/**
 * Runs in a process of its own, from its text: it may use nothing from outside itself. As text it also survives being
 * bundled, where a file beside this one would not be found.
 */
function guard(): void {
  const { spawn } = process.getBuiltinModule('node:child_process')
  const [uid = '', gid = '', command = '', ...args] = process.argv.slice(1)
  const user = uid === '' ? {} : { uid: Number(uid), gid: Number(gid) }
  const child = spawn(command, args, { ...user, stdio: ['ignore', 'inherit', 'inherit'] })
  const end = (): void => {
    child.kill('SIGINT')
  }
  process.stdin.on('end', end)
  process.stdin.on('error', end)
  process.stdin.resume()
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 127
  })
  child.on('exit', (code, signal) => {
    if (signal !== null) process.kill(process.pid, signal)
    process.exit(code ?? 1)
  })
}
