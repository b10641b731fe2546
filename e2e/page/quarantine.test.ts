import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { expect, open, send, test, track } from './opened.ts'

const MARKUP = '<img src=x onerror="window.pwned=1">'

const WORKSPACE = { name: 'shop', writeKeys: ['wk_shop'], adminTokens: ['at_at_least_16_characters'] }

/** A paid invoice says a total of this type. */
const contractOf = (type: string[]) => ({
  mode: 'quarantine',
  unplanned: 'quarantine',
  rules: [
    {
      type: 'track',
      event: 'invoice_paid',
      schema: { properties: { properties: { required: ['total'], properties: { total: { type } } } } },
    },
  ],
})

test.use({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright wants it.
  ingestEnv: async ({}, use, testInfo) => {
    const file = testInfo.outputPath('config.json')
    writeFileSync(file, JSON.stringify({ workspaces: [{ ...WORKSPACE, contract: 'contract.json' }] }))
    writeFileSync(join(dirname(file), 'contract.json'), JSON.stringify(contractOf(['number'])))
    await use({ AIRHOP_CONFIG: file })
  },
})

test('what the contract has set aside is shown by name, and released once the contract is mended', async ({
  ingest,
  ingestEnv,
  page,
}) => {
  await open(page, ingest, 'refused')
  await expect(page.getByText('Nothing was refused')).toBeVisible()
  await expect(page.getByTestId('quarantine')).toHaveCount(0)
  await send(ingest, [
    track('invoice_paid', { messageId: 'text', properties: { total: '12' } }),
    track('invoice_paid', { messageId: 'none', properties: {} }),
    track('invoice_paid', { messageId: 'good', properties: { total: 12 } }),
    track(MARKUP),
  ])
  await ingest.waitForEvents(1)
  await expect(page.getByTestId('held')).toHaveText('3 events')
  const group = page.locator('[data-testid=quarantined-name][data-name=invoice_paid]')
  await expect(group).toContainText('2×')
  await expect(group).toContainText('properties.total must be number; it is "12"')
  await expect(group).toContainText('properties.total is required')
  // They stand there, and not among what was refused for good.
  await expect(page.getByTestId('refusal-group')).toHaveCount(0)
  await expect(page.getByText('Nothing was refused')).toHaveCount(0)
  await group.locator('summary').click()
  await expect(group.getByLabel('Event in quarantine')).toContainText('"messageId": "none"')
  await expect(page.getByTestId('quarantined-name').filter({ hasText: MARKUP })).toBeVisible()
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
  }

  await page.goto(`${ingest.url}/#/health`)
  const row = (name: string) => page.getByTestId('verdicts').getByRole('row', { name })
  await expect(row('Quarantined by the contract')).toContainText('3')
  await expect(row('Rejected events')).toContainText('0')
  await row('Quarantined').getByRole('link').click()

  await page.getByTestId('release').click()
  await expect(page.getByTestId('released')).toContainText('Nothing was released: 3 are still not as')
  expect(await ingest.events()).toHaveLength(1)

  writeFileSync(
    join(dirname(ingestEnv.AIRHOP_CONFIG!), 'contract.json'),
    JSON.stringify({ ...contractOf(['number', 'string']), unplanned: undefined }),
  )
  await ingest.start()
  const markup = page.getByTestId('quarantined-name').filter({ hasText: MARKUP })
  await expect(markup).toContainText('the contract allows the newest by now')
  await expect(group).not.toContainText('allows')
  await page.getByTestId('release').click()
  await expect(page.getByTestId('released')).toContainText('2 released; 1 is still not as the contract says')
  await expect(page.getByTestId('held')).toHaveText('1 event')
  await expect(group).toContainText('1×')
  const stored = await ingest.waitForEvents(3)
  expect(stored.map(({ event }) => event)).toEqual(['invoice_paid', 'invoice_paid', MARKUP])
  expect(stored[1]).toMatchObject({ messageId: 'text', properties: { total: '12' } })
})
