import { expect, open, send, test } from './opened.ts'

const MARKUP = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
const BIDI = 'invoice_\u202Egpj.exe\u202C'
const LONG = `start${'x'.repeat(10_000)}`
const EMOJI = 'héllo 👩‍👩‍👧 🇩🇪 日本語 مرحبا'
const HIDDEN = 'ad\u200Bmin\u0007'
const NAMES = [MARKUP, BIDI, LONG, EMOJI, HIDDEN, '__proto__', 'constructor', '$' + '{alert(1)}', '`ticks` and <b>']

test.beforeEach(async ({ ingest }) => {
  const call = (event: string, at: number) =>
    JSON.parse(
      JSON.stringify({
        type: 'track',
        event,
        userId: event.slice(0, 500),
        anonymousId: `anon ${event}`.slice(0, 500),
        messageId: `m-${at}-${event}`.slice(0, 200),
        properties: { [event.slice(0, 300)]: event, nested: { [event.slice(0, 100)]: [event.slice(0, 100)] } },
        context: { page: { path: event } },
      }).replace('"nested"', '"__proto__"'),
    )
  const identify = {
    type: 'identify',
    userId: 'u_hostile',
    traits: JSON.parse(
      JSON.stringify({ name: MARKUP, email: BIDI, [MARKUP]: EMOJI, x: LONG }).replace('"x"', '"__proto__"'),
    ),
  }
  const group = { type: 'group', userId: 'u_hostile', groupId: MARKUP, traits: { name: MARKUP } }
  const refused = NAMES.map((name) => ({
    type: 'track',
    userId: { name },
    messageId: name.slice(0, 200),
    [name.slice(0, 99)]: name,
  }))
  await send(ingest, [...NAMES.map(call), identify, group, ...refused])
  await fetch(`${ingest.url}/ingest/v1/track`, {
    method: 'POST',
    headers: { authorization: 'Bearer wk_<b>' },
    body: MARKUP,
  })
  await ingest.waitForEvents(NAMES.length + 2)
})

for (const [view, marker] of [
  ['live', '[data-testid=event]'],
  ['start', '[data-testid=arrived-event]'],
  ['refused', '[data-testid=refusal-group]'],
  ['people', '[data-testid=person]'],
  ['people?id=u_hostile', '[data-testid=timeline-event]'],
  ['accounts', '[data-testid=account]'],
  [`accounts?id=${encodeURIComponent(MARKUP)}`, '[data-testid=member]'],
  ['catalogue', '[data-testid=catalogue-name]'],
  [`catalogue?type=track&name=${encodeURIComponent(MARKUP)}`, '[data-testid=field]'],
  [`funnel?steps=${encodeURIComponent(JSON.stringify([MARKUP, BIDI]))}`, '[data-testid=funnel]'],
  [`live?open=${encodeURIComponent(`m-0-${MARKUP}`.slice(0, 200))}`, '[data-testid=sheet] .json'],
] as const) {
  test(`whatever events hold is text at #/${view.slice(0, 24)}`, async ({ ingest, page }) => {
    await open(page, ingest, view)
    await expect(page.locator(marker).first()).toBeVisible()
    for (const summary of await page.locator('summary').all()) await summary.click()
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
    expect(await page.locator('#app img:not([role]), #app script, #app b:has-text("and <b>")').count()).toBe(0)
    const text = await page.locator('#app').innerText()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it must not be there.
    expect(text).not.toMatch(/[\u0007\u200b\u202a-\u202e\u2066-\u2069]/)
    // A cut name leaves the page as wide as it was.
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  })
}

test('names that deceive are written out, and emoji stay what they are', async ({ ingest, page }) => {
  await open(page, ingest, 'live')
  const shown = page.getByTestId('event').locator('.title')
  const deceiving = ['invoice_\\u202egpj.exe\\u202c', 'ad\\u200bmin\\u0007', EMOJI, MARKUP, '__proto__']
  await expect.poll(() => shown.allInnerTexts()).toEqual(expect.arrayContaining(deceiving))
  const titles = await shown.allInnerTexts()
  expect(titles.find((title) => title.startsWith('start'))).toMatch(/^startx{195}…$/)
})

test('objects where text is expected leave each view standing', async ({ ingest, page }) => {
  const no = { toString: 1, valueOf: 1 }
  await send(ingest, [
    { type: 'page', anonymousId: 'a-1', properties: { title: no, path: no }, context: { page: { path: no } } },
    { type: 'track', event: 'odd', anonymousId: 'a-1', context: { page: { path: [no] }, userAgent: no } },
  ])
  await ingest.waitForEvents(NAMES.length + 4)
  await open(page, ingest, 'live')
  await expect(page.getByTestId('event').first()).toContainText('odd')
  await page.goto(`${ingest.url}/#/people?id=a-1`)
  await expect(page.getByTestId('timeline-event')).toHaveCount(2)
  await page.goto(`${ingest.url}/#/start`)
  await expect(page.getByTestId('arrived-event')).toContainText('odd')
})

test('half an emoji in an id opens as any other', async ({ ingest, page }) => {
  const half = '\ud83d'
  await send(ingest, [{ type: 'track', event: 'halved', userId: `u_${half}`, messageId: `m_${half}` }])
  await send(ingest, [{ type: 'track', event: 'owned', userId: `u_${half}`, messageId: 'm_whole' }])
  await ingest.waitForEvents(NAMES.length + 4)
  await open(page, ingest, 'live?open=m_whole')
  await expect(page.getByTestId('sheet')).toContainText('owned')
  await page.getByTestId('sheet').getByText('only these events').click()
  await expect(page.getByTestId('sheet')).toHaveCount(0)
  await expect(page.locator('h1')).toBeVisible()
})
