import { existsSync, globSync } from 'node:fs'
import { chromium } from '@playwright/test'
import type { EngineName } from './engine.ts'

const firstOf = (...files: (string | undefined)[]): string | undefined => files.find((file) => file && existsSync(file))

/** The programs of each engine. `AIRHOP_CHROMIUM` and `AIRHOP_FIREFOX` name others than Debian's. */
export const programs = {
  chromium: process.env.AIRHOP_CHROMIUM || firstOf('/usr/bin/chromium', chromium.executablePath()),
  firefox: process.env.AIRHOP_FIREFOX || firstOf('/usr/bin/firefox-esr'),
  webkit: firstOf(...globSync('/usr/lib/*/webkit2gtk-4.*/MiniBrowser')),
  webkitDriver: firstOf('/usr/bin/WebKitWebDriver'),
  xvfb: firstOf('/usr/bin/Xvfb'),
}

const ENGINES: Record<EngineName, { found: boolean; name: string; packages: string }> = {
  chromium: { found: !!programs.chromium, name: 'Chromium', packages: 'chromium' },
  firefox: { found: !!programs.firefox, name: 'Firefox ESR', packages: 'firefox-esr' },
  webkit: {
    found: !!(programs.webkit && programs.webkitDriver && programs.xvfb),
    name: 'WebKitGTK',
    packages: 'webkit2gtk-driver xvfb',
  },
}

export const isInstalled = (engine: EngineName): boolean => ENGINES[engine].found

/** A sentence for each engine that is not there. */
export const missingEngines = (): string[] =>
  Object.values(ENGINES)
    .filter(({ found }) => !found)
    .map(
      ({ name, packages }) =>
        `${name} was not found: its delivery tests did not run (Debian: apt-get install ${packages}).`,
    )
