import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'sdk', include: ['test/**/*.test.ts'], environment: 'happy-dom' } },
      { test: { name: 'server', include: ['server/test/**/*.test.ts'], environment: 'node', testTimeout: 30_000 } },
    ],
  },
})
