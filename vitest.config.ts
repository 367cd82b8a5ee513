import { defineConfig } from 'vitest/config'

// Unit tests stand beside the code that they test; they start no server. Suites on real servers: test/vitest.config.ts.
export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'scripts/**/*.test.ts'],
    passWithNoTests: false,
    isolate: false,
    testTimeout: 20_000,
  },
})
