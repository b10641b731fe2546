import { setTimeout as wait } from 'node:timers/promises'
import { expect, nothingLost, test } from '../delivery.ts'

for (const afterMs of [50, 1500]) {
  test(`the first events of a page are stored once, though the browser is killed after ${afterMs} ms`, async ({
    shop,
    ownBrowser,
  }) => {
    const visitor = await shop.enter('/', ownBrowser)
    await visitor.track(5)
    // By the page's own clock: a machine that stands still for as long gives it no time at all.
    await visitor.tab.evaluate((ms) => new Promise((resolve) => setTimeout(resolve, ms)), afterMs)
    await ownBrowser.kill()
    shop.allGone()
    await ownBrowser.start()
    await shop.enter('/', ownBrowser)

    expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 5, stored: 5 })
  })
}

for (const afterMs of [6000, 12_000]) {
  test(`events that could not be sent survive a kill of the browser ${afterMs / 1000} s later`, async ({
    faults,
    shop,
    ownBrowser,
  }) => {
    const visitor = await shop.enter('/', ownBrowser)
    await faults.refuse()
    await visitor.track(5)
    await wait(afterMs)
    await ownBrowser.kill()
    shop.allGone()
    await faults.listen()
    await ownBrowser.start()
    await shop.enter('/', ownBrowser)

    expect(await shop.settled({ timeoutMs: 30_000 })).toEqual({ ...nothingLost, tracked: 5, stored: 5 })
  })
}
