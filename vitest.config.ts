import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** For the slowest machine: nothing waits for them where all is well. */
const patience = { testTimeout: 30_000, hookTimeout: 30_000, expect: { poll: { timeout: 15_000 } } }

/**
 * Each server of a test has threads, and each thread reads its TypeScript by WebAssembly, of which V8 loses count when
 * many threads do that at once: `Check failed: jit_page.has_value()` ends the process, once in some thousand threads
 * (https://github.com/nodejs/node/issues/64500). From the cache it is read once.
 */
const env = { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') }

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'sdk', include: ['test/*.test.ts'], environment: 'happy-dom', ...patience } },
      { test: { name: 'server', include: ['server/test/**/*.test.ts'], environment: 'node', env, ...patience } },
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
