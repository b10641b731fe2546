import { expect, inAllEngines, nothingLost, test } from '../delivery.ts'

test(
  'an ordinary visit: every event is stored once and in order, and each goes over the wire once',
  inAllEngines,
  async ({ faults, shop }) => {
    const visitor = await shop.enter()
    for (let n = 0; n < 10; n++) {
      await visitor.track(2)
      await visitor.tab.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)))
    }

    expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 20, stored: 20 })
    expect([...faults.copies().values()]).toEqual(Array(20).fill(1))
    expect(faults.arrivals.filter(({ method }) => method !== 'POST')).toEqual([])
  },
)
