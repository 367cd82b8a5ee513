export * from './provider.ts'
export * from './secret.ts'
