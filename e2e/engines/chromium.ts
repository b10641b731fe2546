import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, type CDPSession, chromium, type Page, type Browser as Remote } from '@playwright/test'
import type { Browser, Tab } from './engine.ts'
import { programs } from './installed.ts'
import { isRoot, killTree, startUntil } from './processes.ts'

export const CHROMIUM_ARGS = [
  '--headless=new',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  // Chromium's sandbox refuses to run as root.
  ...(isRoot ? ['--no-sandbox'] : []),
]

/** Chromium as a user has it: without what Playwright switches off or emulates (bfcache, throttling, focus). */
export const startChromium = async (): Promise<Browser> => {
  const profile = mkdtempSync(join(tmpdir(), 'airhop-chromium-'))
  let child: ChildProcess
  let remote: Remote
  let context: BrowserContext

  const start = async () => {
    const args = [...CHROMIUM_ARGS, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank']
    const { child: started, match } = await startUntil(programs.chromium!, args, { said: /listening on (ws:\S+)/ })
    child = started
    remote = await chromium.connectOverCDP(match[1]!, { noDefaults: true })
    context = remote.contexts()[0]!
  }
  const kill = async () => {
    await killTree(child)
    await remote.close()
  }
  await start()

  return {
    engine: 'chromium',
    async open(url) {
      const page = await context.newPage()
      await page.goto(url)
      return asTab(page, await context.newCDPSession(page))
    },
    kill,
    start,
    async dispose() {
      await kill()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

export const asTab = (page: Page, session: CDPSession): Tab => ({
  async goto(url) {
    await page.goto(url)
  },
  evaluate: (script: (argument: never) => unknown, argument?: unknown) =>
    page.evaluate(script as never, argument as never) as never,
  close: () => page.close({ runBeforeUnload: false }),
  show: () => page.bringToFront(),
  offline: async (on) => {
    await session.send('Network.enable')
    await session.send('Network.emulateNetworkConditions', {
      offline: on,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    })
  },
  async crash() {
    const crashed = page.waitForEvent('crash')
    session.send('Page.crash').catch(() => {})
    await crashed
  },
})
