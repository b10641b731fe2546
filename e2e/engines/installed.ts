import { existsSync, globSync } from 'node:fs'
import { chromium } from '@playwright/test'
import type { EngineName } from './engine.ts'

const firstOf = (...files: string[]): string | undefined => files.find((file) => existsSync(file))

/** What the environment names stands alone: nothing takes its place unsaid. */
const named = (said: string | undefined, ...usual: string[]): string[] => (said ? [said] : usual)

const playwrightsOwn = (): string[] => {
  try {
    return [chromium.executablePath()]
  } catch {
    return [] // It does not know this platform.
  }
}

/** The programs of each engine. `AIRHOP_CHROMIUM` and `AIRHOP_FIREFOX` name others than Debian's. */
export const programs = {
  chromium: firstOf(...named(process.env.AIRHOP_CHROMIUM, '/usr/bin/chromium', ...playwrightsOwn())),
  firefox: firstOf(...named(process.env.AIRHOP_FIREFOX, '/usr/bin/firefox-esr')),
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
