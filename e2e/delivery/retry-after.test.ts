import { expect, nothingLost, test } from '../delivery.ts'

test('Retry-After is obeyed by all tabs, also by one that is opened and one that is reloaded meanwhile', async ({
  faults,
  shop,
}) => {
  const [first, second] = [await shop.enter(), await shop.enter()]
  const refused = faults.reactTo(1, { status: 429, headers: { 'retry-after': '4' } })
  await first.track(2)
  await refused
  const until = faults.arrivals[0]!.at + 4000
  await second.track(2)
  await second.goTo('/next')
  await second.track(2)
  await (await shop.enter()).track(2)

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 8, stored: 8 })
  expect(faults.arrivals.slice(1).filter(({ at }) => at < until)).toEqual([])
})
