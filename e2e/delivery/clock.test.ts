import { expect, nothingLost, test } from '../delivery.ts'

const { misdated: _, ...nothingLostButTime } = nothingLost

/** Every clock of the page but the monotonic one shows a day less. */
const setBack = () => {
  const { now } = Date
  Date.now = () => now.call(Date) - 86_400_000
}

test('a clock that is set back a day between two events neither loses nor doubles any', async ({ shop }) => {
  const visitor = await shop.enter()
  await visitor.track(5)
  await visitor.tab.evaluate(setBack)
  await visitor.track(5)

  expect(await shop.settled()).toMatchObject({ ...nothingLostButTime, tracked: 10, stored: 10 })
})

test('a page whose clock is a day behind that of the one before sends what that has left', async ({ faults, shop }) => {
  shop.page('/next', { head: `<script>(${setBack})()</script>` })
  shop.page('/', { head: '<script>navigator.sendBeacon = () => false</script>' })
  const visitor = await shop.enter()
  const hung = faults.reactTo(1, 'hang')
  await visitor.track(5)
  await hung
  await visitor.goTo('/next')
  await visitor.track(5)

  expect(await shop.settled()).toMatchObject({ ...nothingLostButTime, tracked: 10, stored: 10 })
})

test('events that found no server for more than seven days are counted as expired, younger ones are stored', async ({
  faults,
  shop,
}) => {
  const daysAgo = (days: number) => ({
    head: `<script>{ const { now } = Date; Date.now = () => now.call(Date) - ${days} * 86_400_000 }</script>`,
  })
  shop.page('/', daysAgo(8))
  shop.page('/next', daysAgo(6))
  shop.page('/today', {})
  await faults.refuse()
  const visitor = await shop.enter()
  await visitor.track(4)
  await visitor.goTo('/next')
  await visitor.track(3)
  await visitor.goTo('/today')
  // Not before: the page of six days ago would send what was two days old there.
  await faults.listen()

  expect(await shop.settled()).toEqual({ ...nothingLost, losses: { expired: 4 }, tracked: 7, stored: 3 })
})

test('a clock that is set back a day during a pause between two tries does not silence the page', async ({
  faults,
  shop,
}) => {
  const visitor = await shop.enter()
  const refused = faults.reactTo(1, { status: 503 })
  await visitor.track(5)
  await refused
  await visitor.tab.evaluate(setBack)
  await visitor.track(5)

  expect(await shop.settled({ timeoutMs: 5000 })).toMatchObject({ ...nothingLostButTime, tracked: 10, stored: 10 })
})
