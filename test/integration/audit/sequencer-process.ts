/** A sequencer in a process of its own, to be killed: arguments are the database's URL and the log's key as JWK. */
import { createPrivateKey, type JsonWebKeyInput } from 'node:crypto'
import { systemClock } from '@mayfly/domain'
import { sequenceLog } from '../../../packages/server/src/application/audit/sequence-log.ts'
import { openDatabase } from '../../../packages/server/src/store/database.ts'
import { neverAborted, tenantLog } from './tenant-log.ts'

const [url = '', jwk = '{}'] = process.argv.slice(2)
const database = openDatabase({ url })
const deps = { database, clock: systemClock, remembered: new Map(), batchSize: 100 }
const key = createPrivateKey({ key: JSON.parse(jwk) as JsonWebKeyInput['key'], format: 'jwk' })
for (;;) await sequenceLog(deps, tenantLog(key), neverAborted)
