import { defineConfig } from '@playwright/test'
import config from './playwright.config.ts'

/** `npm run test:soak`: what takes long. */
export default defineConfig({
  ...config,
  timeout: 45 * 60_000,
  projects: [{ name: 'soak', testDir: 'e2e/soak' }],
})
