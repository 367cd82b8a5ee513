export * from './abort-with.ts'
export * from './abortable.ts'
export * from './with-deadline.ts'
