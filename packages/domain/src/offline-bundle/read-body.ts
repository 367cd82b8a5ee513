/** From the JSON of a bundle to its typed form: every member checked, every list bounded. */
import { decodeBase64 } from '../log/bytes.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../log/canonical-json.ts'
import { MayflyError } from '../problem.ts'
import {
  maxBundleKeys,
  maxCarriedCrls,
  maxCarriedCrlSizeBytes,
  type OfflineBundle,
  type OfflineSection,
  type OfflineSectionName,
  type OfflineSections,
} from './offline-bundle.ts'

const limits = {
  jwks: 100,
  keysOfIssuer: 100,
  trust_bundles: 200,
  status_lists: 500,
  crls: maxCarriedCrls,
  checkpointKeys: 50,
}
const instantShape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const maxTextLength = 2_000

/** @throws MayflyError `bundle_malformed`, naming the member */
export function readBundleBody(
  value: JsonValue,
  head: { readonly origin: string; readonly digest: string },
): OfflineBundle {
  if (!isJsonObject(value)) throw malformed('body', 'is not an object')
  if (value['v'] !== 1) throw malformed('v', 'is not 1')
  const origin = text(value, 'origin')
  if (origin !== head.origin) throw malformed('origin', 'is another than in the head')
  const madeAt = instant(value, 'made_at')
  const { sections } = value
  if (!isJsonObject(sections)) throw malformed('sections', 'is not an object')
  return {
    origin,
    trustDomain: text(value, 'trust_domain'),
    sequence: sequence(value),
    madeAt,
    keys: texts(value, 'keys', maxBundleKeys),
    sections: readSections(sections, madeAt),
    body: value,
    digest: head.digest,
  }
}

/** Sections that are not known are passed over: a later version may have more. */
function readSections(sections: JsonObject, bundleMadeAt: Date): OfflineSections {
  const read: { [Name in OfflineSectionName]?: OfflineSections[Name] } = {}
  for (const [name, section] of Object.entries(sections)) {
    if (!isJsonObject(section)) throw malformed(name, 'is not an object')
    const times = timesOf(section, name, bundleMadeAt)
    switch (name) {
      case 'jwks':
        read.jwks = { ...times, items: items(section, name, limits.jwks).map(keySet) }
        break
      case 'trust_bundles':
        read.trust_bundles = {
          ...times,
          items: items(section, name, limits.trust_bundles).map((item) => trustBundle(item, times.madeAt)),
        }
        break
      case 'status_lists':
        read.status_lists = { ...times, items: items(section, name, limits.status_lists).map(statusList) }
        break
      case 'crls':
        read.crls = { ...times, items: items(section, name, limits.crls).map(crl) }
        break
      case 'checkpoint':
        read.checkpoint = {
          ...times,
          note: text(section, 'note', 20_000),
          keys: texts(section, 'keys', limits.checkpointKeys),
        }
        break
    }
  }
  return read
}

function timesOf(section: JsonObject, name: string, bundleMadeAt: Date): OfflineSection {
  const madeAt = instant(section, 'made_at', name)
  if (madeAt > bundleMadeAt) throw malformed(`${name}.made_at`, 'is later than that of the bundle')
  return { madeAt, nextUpdate: instant(section, 'next_update', name) }
}

function keySet(item: JsonObject) {
  return { issuer: text(item, 'issuer'), keys: objects(item, 'keys', limits.keysOfIssuer) }
}

function trustBundle(item: JsonObject, sectionMadeAt: Date) {
  const { bundle } = item
  if (!isJsonObject(bundle)) throw malformed('bundle', 'is not an object')
  const madeAt = instant(item, 'made_at', 'trust_bundles.items')
  if (madeAt > sectionMadeAt) throw malformed('trust_bundles.items.made_at', 'is later than that of the section')
  return { trustDomain: text(item, 'trust_domain'), bundle, madeAt }
}

function statusList(item: JsonObject) {
  return { uri: text(item, 'uri'), token: text(item, 'token', 1_000_000) }
}

function crl(item: JsonObject) {
  const encoded = text(item, 'crl', Math.ceil(maxCarriedCrlSizeBytes / 3) * 4)
  try {
    return { crl: decodeBase64(encoded) }
  } catch (cause) {
    throw malformed('crl', 'is not standard base64 with padding', cause)
  }
}

function items(section: JsonObject, name: string, most: number): readonly JsonObject[] {
  return objects(section, 'items', most, name)
}

function objects(of: JsonObject, member: string, most: number, within?: string): readonly JsonObject[] {
  const where = within === undefined ? member : `${within}.${member}`
  const list = of[member]
  if (!Array.isArray(list)) throw malformed(where, 'is not a list')
  if (list.length > most) throw malformed(where, `has more than ${most} items`)
  return list.map((item: JsonValue) => {
    if (!isJsonObject(item)) throw malformed(where, 'has an item that is not an object')
    return item
  })
}

function texts(of: JsonObject, member: string, most: number): readonly string[] {
  const list = of[member]
  if (!Array.isArray(list) || list.length === 0 || list.length > most) {
    throw malformed(member, `is not a list of 1 to ${most} texts`)
  }
  return list.map((item: JsonValue) => {
    if (typeof item !== 'string' || item === '' || item.length > maxTextLength) {
      throw malformed(member, `has an item that is not a text of 1 to ${maxTextLength} characters`)
    }
    return item
  })
}

function text(of: JsonObject, member: string, most = maxTextLength): string {
  const value = of[member]
  if (typeof value !== 'string' || value === '' || value.length > most) {
    throw malformed(member, `is not a text of 1 to ${most} characters`)
  }
  return value
}

function sequence(of: JsonObject): number {
  const value = of['sequence']
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw malformed('sequence', 'is not a whole number from 1')
  }
  return value
}

function instant(of: JsonObject, member: string, within?: string): Date {
  const value = of[member]
  const at = typeof value === 'string' && instantShape.test(value) ? new Date(value) : undefined
  if (at === undefined || Number.isNaN(at.getTime())) {
    throw malformed(within === undefined ? member : `${within}.${member}`, 'is not a UTC time with milliseconds')
  }
  return at
}

function malformed(member: string, what: string, cause?: unknown): MayflyError {
  return new MayflyError('bundle_malformed', {
    publicDetail: `the offline bundle cannot be read: \`${member}\` ${what}`,
    cause,
  })
}
