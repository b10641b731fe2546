import { expect, inAllEngines, nothingLost, test } from '../delivery.ts'

test(
  'the server is gone and comes back: what was tracked meanwhile is stored once, in order, behind what was before',
  inAllEngines,
  async ({ ingest, faults, shop }) => {
    const visitor = await shop.enter()
    await visitor.track(3)
    expect(await visitor.flush()).toBe(0)
    await ingest.stop()
    await faults.refuse()
    await visitor.track(10)
    await visitor.track(10)
    await ingest.start()
    await faults.listen()
    await visitor.track(3)

    expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 26, stored: 26 })
  },
)
