import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Browser, chromium, expect, type Page, test } from '@playwright/test'
import { CHROMIUM_ARGS } from '../engines/chromium.ts'
import { startTold } from '../engines/driverless.ts'
import { programs } from '../engines/installed.ts'
import { killTree, startUntil } from '../engines/processes.ts'

/** Says each way in which a page can still send something when it ends. */
const PAGE = `<!doctype html><title>Later</title><script>
  const say = (name) => ['/told/' + name, { method: 'POST', body: '1' }]
  fetchLater(...say('fetchLater'))
  addEventListener('pagehide', () => navigator.sendBeacon('/told/beacon', '1'))
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') fetch('/told/keepalive', { method: 'POST', body: '1', keepalive: true })
  })
</script>`

const WAYS = ['fetchLater', 'beacon', 'keepalive'] as const
const TRIES = 6

const ENDS: Record<string, (page: Page, browser: Browser, child: Parameters<typeof killTree>[0]) => Promise<unknown>> =
  {
    'the tab goes to another page': (page) => page.goto('about:blank'),
    'the tab is closed': (page) => page.close(),
    'the tab crashes': async (page) => {
      const session = await page.context().newCDPSession(page)
      session.send('Page.crash').catch(() => {})
      await page.waitForEvent('crash')
    },
    'the browser is told to quit': async (_, browser) => {
      const session = await browser.newBrowserCDPSession()
      await session.send('Browser.close')
    },
    'the browser gets SIGTERM': async (_, __, child) => child.kill('SIGTERM'),
    'the browser gets SIGKILL': (_, __, child) => killTree(child),
  }

test('what still arrives when a page ends: fetchLater, a beacon on pagehide, a keepalive fetch on hidden', async () => {
  const told = await startTold(PAGE, 1)
  const table: Record<string, Record<string, string>> = {}
  for (const [end, doIt] of Object.entries(ENDS)) {
    const arrived = { fetchLater: 0, beacon: 0, keepalive: 0 }
    for (let n = 0; n < TRIES; n++) {
      const profile = mkdtempSync(join(tmpdir(), 'airhop-chromium-'))
      const args = [...CHROMIUM_ARGS, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank']
      const { child, match } = await startUntil(programs.chromium!, args, { said: /listening on (ws:\S+)/ })
      const browser = await chromium.connectOverCDP(match[1]!, { noDefaults: true })
      const page = await browser.contexts()[0]!.newPage()
      await page.goto(told.urls[0]!)
      await doIt(page, browser, child)
      // Nothing says that nothing will come.
      await wait(1500)
      await killTree(child)
      await browser.close()
      rmSync(profile, { recursive: true, force: true })
      for (const way of WAYS) if (told.rest(way).length > 0) arrived[way]++
    }
    table[end] = Object.fromEntries(WAYS.map((way) => [way, `${arrived[way]} of ${TRIES}`]))
  }
  told.close()
  console.table(table)
  expect(table['the tab is closed']!.beacon).toBe(`${TRIES} of ${TRIES}`)
})
