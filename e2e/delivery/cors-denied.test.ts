import { expect, nothingLost, test } from '../delivery.ts'

test('answers that the page may not read, for want of CORS headers, cause repeats and nothing twice', async ({
  faults,
  shop,
}) => {
  const visitor = await shop.enter()
  const denied = faults.reactTo(2, 'deny')
  await visitor.track(5)
  await denied
  await visitor.track(5)

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 10, stored: 10 })
})
