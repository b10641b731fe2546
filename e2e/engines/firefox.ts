import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer, { type Page, type Browser as Remote } from 'puppeteer-core'
import type { Browser, Tab } from './engine.ts'
import { programs } from './installed.ts'
import { killTree } from './processes.ts'

/** Firefox over WebDriver BiDi. */
export const startFirefox = async (): Promise<Browser> => {
  const profile = mkdtempSync(join(tmpdir(), 'airhop-firefox-'))
  let remote: Remote

  const start = async () => {
    remote = await puppeteer.launch({
      browser: 'firefox',
      executablePath: programs.firefox!,
      headless: true,
      userDataDir: profile,
      // The protocol's own way to close a tab is harsher than a user's: pages close themselves.
      extraPrefsFirefox: { 'dom.allow_scripts_to_close_windows': true },
    })
  }
  const kill = async () => {
    await killTree(remote.process()!)
    await remote.disconnect().catch(() => {})
  }
  await start()

  return {
    engine: 'firefox',
    async open(url) {
      const page = await remote.newPage()
      await page.goto(url)
      return asTab(page)
    },
    kill,
    start,
    async dispose() {
      await kill()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

const asTab = (page: Page): Tab => ({
  async goto(url) {
    await page.goto(url)
  },
  evaluate: (script: (argument: never) => unknown, argument?: unknown) =>
    page.evaluate(script as never, argument as never) as never,
  async close() {
    const closed = new Promise((resolve) => page.once('close', resolve))
    await page.evaluate(() => {
      setTimeout(close)
    })
    await closed
  },
  show: () => page.bringToFront(),
  offline: (on) => page.setOfflineMode(on),
})
