export * from './conformance.ts'
export * from './find-printed.ts'
export * from './provider.ts'
export * from './secret.ts'
