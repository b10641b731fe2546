import { expect, inAllEngines, inFirefoxToo, nothingLost, test } from '../delivery.ts'

test(
  'events tracked right before the tab is closed are stored once, though nobody comes back',
  inAllEngines,
  async ({ shop }) => {
    const visitor = await shop.enter()
    await visitor.track(1)
    await visitor.flush()
    await visitor.track(5)
    await visitor.leave()

    expect(await shop.settled({ timeoutMs: 10_000 })).toEqual({ ...nothingLost, tracked: 6, stored: 6 })
  },
)

test('events tracked right before a window closes itself are stored once', inFirefoxToo, async ({ shop }) => {
  const visitor = await shop.enter()
  shop.expectSteps('popup', 3)
  shop.page('/popup', {
    head: `<script>addEventListener('load', () => { for (let n = 0; n < 3; n++) step('popup', n); close() })</script>`,
  })
  await visitor.tab.evaluate(() => void open('/popup'))

  expect(await shop.settled({ timeoutMs: 10_000 })).toEqual({ ...nothingLost, tracked: 3, stored: 3 })
})
