import { expect, nothingLost, test } from '../delivery.ts'

for (const status of [408, 429, 500, 502, 503, 504]) {
  test(`a server that answers ${status} for a while gets everything later, once and in order`, async ({
    faults,
    shop,
  }) => {
    const visitor = await shop.enter()
    const refused = faults.reactTo(2, { status, body: '{"error":{"code":"later","message":"Later."}}' })
    await visitor.track(5)
    await refused
    await visitor.track(5)

    expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 10, stored: 10 })
  })
}
