import type { Airhop } from '../../src/calls.ts'
import { expect, test } from '../ingest.ts'

declare const airhop: Airhop
/** Playwright's own clock in the page, which `context.clock` advances in all pages at once. */
declare const __pwClock: { controller: { runFor(ms: number): Promise<void> } }

const HOURS = 8
const STEP_MS = 10_000
const TRACK_EVERY_MS = 10 * 60_000

for (const { tabs, mostRequests } of [
  { tabs: 1, mostRequests: 40 },
  { tabs: 10, mostRequests: 60 },
]) {
  test(`in ${HOURS} hours of a blocked network ${tabs === 1 ? 'one tab makes' : 'ten tabs make together'} at most ${mostRequests} requests`, async ({
    ingest,
    site,
    context,
  }) => {
    let requests = 0
    context.on('request', (request) => {
      if (request.url().startsWith(`${ingest.url}/ingest/`)) requests++
    })
    await context.route('**/ingest/**', (route) => route.abort('blockedbyclient'))
    await context.clock.install()
    // The same chances in each run: the low-discrepancy sequence of the golden ratio, so that their mean is the true one.
    await context.addInitScript(() => {
      let last = 0
      Math.random = () => {
        last = (last + 0.618_033_988_749_895) % 1
        return last
      }
    })
    site.pages.set(
      '/',
      site.page({ head: site.snippet({ attributes: { src: '/airhop.js', 'data-host': ingest.url } }) }),
    )
    const pages = await Promise.all(Array.from({ length: tabs }, () => context.newPage()))
    for (const page of pages) {
      await page.goto(site.url)
      await page.waitForFunction(() => typeof airhop === 'object' && airhop.VERSION)
    }

    for (let ms = 0; ms < HOURS * 3_600_000; ms += STEP_MS) {
      if (ms % TRACK_EVERY_MS === 0)
        for (const page of pages) await page.evaluate(() => void airhop.track('still_here'))
      // One tab after the other, as timers of several tabs are: at the very same instant none would see another's pause.
      for (const page of pages) {
        const before = requests
        await page.evaluate((ms) => __pwClock.controller.runFor(ms), STEP_MS)
        // What is blocked fails at once: sooner than a request that is not.
        if (requests > before) await page.evaluate(() => fetch('/').then((response) => response.text()))
      }
    }

    console.log(`${tabs} tabs, ${HOURS} hours: ${requests} requests.`)
    expect(requests).toBeLessThanOrEqual(mostRequests)
    expect(requests).toBeGreaterThan(10)
  })
}
