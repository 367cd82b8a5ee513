import { hash } from 'node:crypto'
import type { Sha256 } from '@mayfly/domain'

/** The hash of the log, from Node; one shot, because a hash object a call costs more than the hashing. */
export const sha256: Sha256 = (data) => hash('sha256', data, 'buffer')
