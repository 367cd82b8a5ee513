import { defineConfig } from 'vitest/config'

// Suites on real servers. The servers are started once, before the first file, and shared: support/global-setup.ts.
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/integration/**/*.test.ts', 'test/faults/**/*.test.ts', 'test/e2e/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    passWithNoTests: false,
    // Processes, not threads: a server that a test starts is tied to the thread that starts it.
    pool: 'forks',
    // Files share a process, so that the sources are loaded once. Every test has databases and roles of its own.
    isolate: false,
    // One per core: the suites wait for servers and disks more than they compute.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
})
