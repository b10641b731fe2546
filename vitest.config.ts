import { defineConfig } from 'vitest/config'

/** For the slowest machine: nothing waits for them where all is well. */
const patience = { testTimeout: 30_000, hookTimeout: 30_000, expect: { poll: { timeout: 15_000 } } }

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'sdk', include: ['test/*.test.ts'], environment: 'happy-dom', ...patience } },
      { test: { name: 'server', include: ['server/test/**/*.test.ts'], environment: 'node', ...patience } },
      {
        test: {
          name: 'package',
          include: ['test/package/*.test.ts'],
          environment: 'node',
          globalSetup: 'test/package/install.ts',
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
})
