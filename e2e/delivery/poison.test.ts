import { expect, nothingLostOutOfOrder, test } from '../delivery.ts'

for (const status of [400, 422]) {
  test(`an event for which any request is answered with ${status} costs itself only, and is counted`, async ({
    faults,
    shop,
  }) => {
    const visitor = await shop.enter()
    faults.react(({ events }) => (events.some(({ properties }) => properties?.n === 7) ? { status } : 'pass'))
    await visitor.track(20)
    await faults.arrived(2)
    await visitor.track(5)

    expect(await shop.settled({ timeoutMs: 40_000 })).toMatchObject({
      ...nothingLostOutOfOrder,
      losses: { [`http_${status}`]: 1 },
      tracked: 25,
      stored: 24,
    })
  })
}
