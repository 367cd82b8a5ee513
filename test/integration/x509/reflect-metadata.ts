/**
 * What @peculiar/x509 wants of `Reflect` (the metadata of decorators), as small as it can be. Only for tests: a judge is not
 * worth a dependency of its own.
 */
const metadata = new WeakMap<object, Map<unknown, unknown>>()

function getOwnMetadata(key: unknown, target: object): unknown {
  return metadata.get(target)?.get(key)
}

function getMetadata(key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Reflect.getPrototypeOf(at)) {
    if (metadata.get(at)?.has(key)) return getOwnMetadata(key, at)
  }
  return undefined
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const own = metadata.get(target) ?? new Map<unknown, unknown>()
  metadata.set(target, own.set(key, value))
}

export function installReflectMetadata(): void {
  Object.assign(Reflect, { getOwnMetadata, getMetadata, defineMetadata })
}
