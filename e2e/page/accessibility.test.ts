import AxeBuilder from '@axe-core/playwright'
import { expect, open, send, test, track } from './opened.ts'

test.beforeEach(async ({ ingest }) => {
  await send(ingest, [
    { type: 'page', name: 'Home', anonymousId: 'a' },
    { type: 'identify', userId: 'u_1', anonymousId: 'a', traits: { name: 'Mara', email: 'mara@acme.example' } },
    { type: 'group', userId: 'u_1', groupId: 'acme', traits: { name: 'Acme' } },
    track('Signed Up', { messageId: 'm-1', properties: { plan: 'pro', price: 1 } }),
    track('signed_up', { properties: { plan: 2 } }),
    { type: 'alias', userId: 'u_1', previousId: 'old' },
    { type: 'track', userId: 'u_1' },
  ])
  await ingest.waitForEvents(6)
  // As airhop.js says it: its page stands in the id.
  await send(ingest, [track('later', { messageId: 'mi8k2j3pabc12-mi8k2j3q' })], { dropped: { unserializable: 2 } })
  await ingest.waitForEvents(7)
})

const VIEWS = [
  ['start', '[data-testid=arrived-event]'],
  ['live', '[data-testid=event]'],
  ['live?open=m-1', '[data-testid=sheet] .json'],
  ['refused?code=missing_event', '[data-testid=refusal-group]'],
  ['refused', '[data-testid=loss]'],
  ['people', '[data-testid=person]'],
  ['people?id=u_1', '[data-testid=timeline-event]'],
  ['accounts?id=acme', '[data-testid=member]'],
  ['catalogue', '[data-testid=catalogue-name]'],
  ['catalogue?type=track&name=Signed+Up', '[data-testid=field]'],
  [`funnel?steps=${encodeURIComponent('["Signed Up","signed_up"]')}`, '[data-testid=funnel]'],
  ['health', '[data-testid=verdicts]'],
] as const

for (const scheme of ['light', 'dark'] as const) {
  for (const width of [1280, 390]) {
    test(`axe finds nothing serious in any view, ${scheme}, ${width} px wide`, async ({ ingest, page }) => {
      test.slow()
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
      await page.setViewportSize({ width, height: 844 })
      const found: string[] = []
      const look = async (view: string) => {
        const { violations } = await new AxeBuilder({ page }).analyze()
        for (const { id, impact, nodes } of violations) {
          if (impact === 'serious' || impact === 'critical')
            found.push(`${view}: ${id} at ${nodes[0]!.target} ${nodes[0]!.failureSummary}`)
        }
      }
      await page.goto(ingest.url)
      await expect(page.getByTestId('token-form')).toBeVisible()
      await look('token')
      await open(page, ingest)
      for (const [view, marker] of VIEWS) {
        await page.goto(`${ingest.url}/#/${view}`)
        await expect(page.locator(marker).first()).toBeVisible()
        await look(view)
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), view).toBeLessThanOrEqual(
          0,
        )
      }
      expect(found).toEqual([])
    })
  }
}
