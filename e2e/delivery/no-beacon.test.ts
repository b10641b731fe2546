import { expect, nothingLost, test } from '../delivery.ts'

test('where beacons are blocked or missing, what waits when the page goes is sent by the next page', async ({
  shop,
}) => {
  shop.page('/', { head: '<script>navigator.sendBeacon = () => false</script>' })
  shop.page('/next', { head: '<script>navigator.sendBeacon = undefined</script>' })
  const visitor = await shop.enter()
  await visitor.track(1)
  await visitor.flush()
  await visitor.track(5)
  await visitor.goTo('/next')
  await visitor.track(1)
  await visitor.flush()
  await visitor.track(5)
  await visitor.goTo('/')

  expect(await shop.settled({ timeoutMs: 30_000 })).toMatchObject({ lost: 0, twice: [], tracked: 12, stored: 12 })
})

test('where there are no locks, or they throw, two tabs deliver everything once', async ({ faults, shop }) => {
  shop.page('/', { head: `<script>Object.defineProperty(navigator, 'locks', { value: undefined })</script>` })
  shop.page('/next', {
    head: `<script>Object.defineProperty(navigator, 'locks', { value: { request() { throw new DOMException('no', 'SecurityError') } } })</script>`,
  })
  await faults.refuse()
  const visitors = [await shop.enter(), await shop.enter('/next')]
  for (const visitor of visitors) {
    await visitor.track(10)
    await visitor.goTo('/next')
    await visitor.track(10)
  }
  await faults.listen()

  expect(await shop.settled({ timeoutMs: 40_000 })).toEqual({ ...nothingLost, tracked: 40, stored: 40 })
})
