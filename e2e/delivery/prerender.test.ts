import { expect, nothingLost, test } from '../delivery.ts'
import { driverless } from '../engines/driverless.ts'

// Chromium does not prerender while a driver is attached: here its pages do everything themselves.
test('a prerendered page sends nothing before it is seen, and then each event once', async ({ faults, shop, site }) => {
  shop.page('/', {
    head: `
      <script type="speculationrules">{"prerender":[{"urls":["/prerendered"],"eagerness":"immediate"}]}</script>
      <script>
        const look = setInterval(async () => {
          if ((await fetch('/go')).ok) location.href = '/prerendered'
        }, 100)
      </script>`,
  })
  shop.page('/prerendered', {
    head: `<script>
      addEventListener('load', () => {
        for (let n = 0; n < 3; n++) step('prerendered', n)
        // Long enough after them that they would have gone.
        setTimeout(() => fetch('/waited', { method: 'POST', body: document.prerendering }), 1000)
      })
    </script>`,
  })
  shop.expectSteps('prerendered', 3)
  const browser = await driverless('chromium', { headless: true })
  browser.start(site.url)
  await expect.poll(() => site.posted.get('/waited'), { timeout: 20_000 }).toEqual(['true'])
  expect(faults.arrivals).toEqual([])
  site.pages.set('/go', '')

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 3, stored: 3 })
  await browser.dispose()
})
