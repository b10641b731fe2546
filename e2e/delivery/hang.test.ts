import { expect, nothingLost, test } from '../delivery.ts'

test('a request that is never answered is given up after ten seconds, and the same events are sent again', async ({
  faults,
  shop,
}) => {
  const visitor = await shop.enter()
  const hung = faults.reactTo(1, 'hang')
  await visitor.track(3)
  await hung
  await visitor.track(3)

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 6, stored: 6 })
  const [first, second] = faults.arrivals
  expect(second!.events.slice(0, 3)).toEqual(first!.events)
  expect(second!.at - first!.at).toBeGreaterThan(9500)
})
