import { expect, open, send, test, track } from './opened.ts'

test.use({ viewport: { width: 360, height: 740 } })

const LONG = 'project_created_from_the_template_of_somebody_else_in_the_same_workspace_on_a_monday'

test('on a narrow phone names can be read, warnings are not cut off, and nothing is wider than the screen', async ({
  ingest,
  page,
}) => {
  await send(ingest, [track(LONG), ...['Signed Up', 'signed_up', 'signedup'].map((event) => track(event))])
  await ingest.waitForEvents(4)
  await open(page, ingest, 'catalogue')
  const row = page.locator(`[data-testid=catalogue-name][data-name="Signed Up"]`)
  await expect(row.getByTestId('warning')).toHaveCount(2)
  const boxes = (selector: string) =>
    row.locator(selector).evaluateAll((all) =>
      all.map((each) => {
        const { left, right, width, height } = each.getBoundingClientRect()
        return { left, right, width, height }
      }),
    )
  for (const { left, right } of await boxes('[data-testid=warning], svg, .number')) {
    expect(left).toBeGreaterThanOrEqual(0)
    expect(right).toBeLessThanOrEqual(360)
  }
  const [title] = await boxes('.title')
  expect(title!.height).toBeLessThan(30)

  const steps = encodeURIComponent(JSON.stringify(['signed_up', 'never_happened']))
  for (const view of ['catalogue', `funnel?steps=${steps}`, 'funnel', 'people', 'live']) {
    await page.goto(`${ingest.url}/#/${view}`)
    await expect(page.locator('h1')).toBeVisible()
    if (view.startsWith('funnel')) await expect(page.locator('option', { hasText: LONG.slice(0, 60) })).toHaveCount(1)
    expect([view, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([view, 360])
  }
})

test('on a phone there is a way out at the end of each view', async ({ ingest, page }) => {
  await open(page, ingest, 'health')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByTestId('token-form')).toBeVisible()
})
