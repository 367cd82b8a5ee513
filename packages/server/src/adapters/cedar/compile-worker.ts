/** The thread in which a policy text is compiled; thrown away afterwards (policy-compiler.ts). */
import { parentPort, workerData } from 'node:worker_threads'
import { openCedar } from './cedar-instance.ts'
import { cedarSchema } from './cedar-schema.ts'
import { compilePolicies } from './compile-policies.ts'

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(compilePolicies(openCedar(), cedarSchema(), String(workerData)))
