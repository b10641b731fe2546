import { expect, nothingLost, test } from '../delivery.ts'

test('answers that take three seconds and come byte by byte hold up nothing for good and cause no repeat', async ({
  faults,
  shop,
}) => {
  const visitor = await shop.enter()
  faults.react({ delayMs: 3000 })
  await visitor.track(2)
  await faults.arrived(1)
  await visitor.track(2)
  await faults.arrived(2)
  await visitor.track(2)

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 6, stored: 6 })
  expect([...faults.copies().values()]).toEqual(Array(6).fill(1))
})
