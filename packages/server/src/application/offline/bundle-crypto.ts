import type { BundleCrypto } from '@mayfly/domain'
import { verifyEd25519 } from '../audit/ed25519.ts'
import { sha256 } from '../audit/sha256.ts'

export const bundleCrypto: BundleCrypto = { sha256, verifyEd25519 }
