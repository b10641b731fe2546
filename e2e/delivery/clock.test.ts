import { expect, nothingLost, test } from '../delivery.ts'

const { misdated: _, ...nothingLostButTime } = nothingLost

/** Every clock of the page but the monotonic one shows a day less. */
const setBack = () => {
  const { now } = Date
  Date.now = () => now.call(Date) - 86_400_000
}

test('a clock that is set back a day while events wait neither loses nor doubles any, and does not silence the page', async ({
  faults,
  shop,
}) => {
  const visitor = await shop.enter()
  const refused = faults.reactTo(1, { status: 503 })
  await visitor.track(5)
  await refused
  await visitor.tab.evaluate(setBack)
  await visitor.track(5)

  expect(await shop.settled()).toMatchObject({ ...nothingLostButTime, tracked: 10, stored: 10 })
})

test('a page whose clock is a day behind that of the one before sends what that has left', async ({ faults, shop }) => {
  shop.page('/next', { head: `<script>(${setBack})()</script>` })
  const visitor = await shop.enter()
  await faults.refuse()
  await visitor.track(5)
  await visitor.goTo('/next')
  await faults.listen()
  await visitor.track(5)

  expect(await shop.settled()).toMatchObject({ ...nothingLostButTime, tracked: 10, stored: 10 })
})
