import { expect, inAllEngines, nothingLostOutOfOrder, test } from '../delivery.ts'

test(
  '500 events of 1 KB that wait when the page goes are stored once: some at once, the rest by the next page',
  inAllEngines,
  async ({ faults, shop }) => {
    const visitor = await shop.enter()
    await faults.refuse()
    await visitor.track(500, 1000)
    await faults.listen()
    await visitor.goTo('/next')

    expect(await shop.settled({ timeoutMs: 40_000 })).toMatchObject({
      ...nothingLostOutOfOrder,
      tracked: 500,
      stored: 500,
    })
  },
)
