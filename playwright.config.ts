import { defineConfig } from '@playwright/test'
import type { EngineName } from './e2e/engines/engine.ts'
import { isInstalled, programs } from './e2e/engines/installed.ts'

const report = process.env.PLAYWRIGHT_JSON_OUTPUT_FILE

const ENGINES: EngineName[] = ['chromium', 'firefox', 'webkit']

/** Chromium runs every scenario, the others those that are tagged with their name. */
const deliveryIn = (engineName: EngineName) => ({
  name: `delivery in ${engineName}`,
  testDir: 'e2e/delivery',
  timeout: 60_000,
  grep: engineName === 'chromium' ? /./ : new RegExp(`@${engineName}`),
  use: { engineName },
})

export default defineConfig<object, { engineName: EngineName }>({
  testDir: 'e2e',
  projects: [
    { name: 'site', testIgnore: ['**/e2e/delivery/**', '**/e2e/soak/**'] },
    ...ENGINES.filter(isInstalled).map(deliveryIn),
  ],
  workers: 2,
  fullyParallel: true,
  retries: 0,
  // For the slowest machine: nothing waits for them where all is well.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  reporter: [
    ['list'],
    ['./e2e/engines/missing-reporter.ts'],
    ...(report ? [['json', { outputFile: report }] as const] : []),
  ],
  use: {
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: programs.chromium,
      args: [
        // Chromium's sandbox refuses to run as root.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-quic',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
      // What Playwright switches off is what pages meet: the back/forward cache, and timers of hidden pages slowed down.
      ignoreDefaultArgs: [
        '--disable-back-forward-cache',
        '--disable-background-timer-throttling',
        '--disable-backgrounding-occluded-windows',
        '--disable-renderer-backgrounding',
      ],
    },
  },
})
