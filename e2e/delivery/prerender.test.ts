import { expect, nothingLost, test } from '../delivery.ts'

test('a prerendered page sends nothing before it is seen, and then each event once', async ({ faults, shop }) => {
  shop.page('/', {
    head: `<script type="speculationrules">{"prerender":[{"urls":["/prerendered"],"eagerness":"immediate"}]}</script>`,
  })
  shop.page('/prerendered', {
    head: `<script>
      addEventListener('load', () => {
        for (let n = 0; n < 3; n++) step('prerendered', n)
        if (document.prerendering) navigator.sendBeacon('/prerendered-now')
      })
    </script>`,
  })
  const visitor = await shop.enter()
  await visitor.tab.evaluate(
    () =>
      void setTimeout(() => {
        location.href = '/prerendered'
      }, 1500),
  )
  expect(faults.arrivals).toEqual([])
  shop.expectSteps('prerendered', 3)

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 3, stored: 3 })
})
