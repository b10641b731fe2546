import { expect, inAllEngines, nothingLost, test } from '../delivery.ts'

test(
  'two tabs that track at the same time, while the server goes and comes back, lose nothing',
  inAllEngines,
  async ({ faults, shop }) => {
    const visitors = [await shop.enter(), await shop.enter()]
    for (const visitor of visitors) await visitor.track(10)
    await faults.refuse()
    for (const visitor of visitors) await visitor.track(100)
    await faults.listen()
    for (const visitor of visitors) await visitor.track(10)

    expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 240, stored: 240 })
  },
)

test('ten tabs, of which eight are closed while the server is away, lose nothing', async ({ faults, shop }) => {
  const visitors = await Promise.all(Array.from({ length: 10 }, () => shop.enter()))
  await faults.refuse()
  await Promise.all(visitors.map((visitor) => visitor.track(20)))
  await Promise.all(visitors.slice(2).map((visitor) => visitor.leave()))
  await faults.listen()

  expect(await shop.settled({ timeoutMs: 40_000 })).toEqual({ ...nothingLost, tracked: 200, stored: 200 })
})
