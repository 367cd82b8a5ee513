/** For the reference page of the commands and for tests; the command itself is bin/mayfly.cjs. */
export { describeCommands } from './describe-commands.ts'
export { main } from './main.ts'
