import type { Airhop } from '../../src/calls.ts'
import { expect, test } from '../ingest.ts'

declare const airhop: Airhop

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
    await context.route('**/ingest/**', (route) => {
      requests++
      return route.abort('blockedbyclient')
    })
    await context.clock.install()
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
      await context.clock.runFor(STEP_MS)
    }

    console.log(`${tabs} tabs, ${HOURS} hours: ${requests} requests.`)
    expect(requests).toBeLessThanOrEqual(mostRequests)
    expect(requests).toBeGreaterThan(10)
  })
}
