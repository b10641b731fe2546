import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { expect, test } from './ingest.ts'

const { resolve } = createRequire(new URL('../server/package.json', import.meta.url))

/** The bundle of another company's client, as its users load it: served by the customer's site. */
const BUNDLES = {
  '/posthog.js': resolve('posthog-js/dist/array.js'),
  '/analytics.js': resolve('@segment/analytics-next/dist/umd/index.js'),
  '/rudderstack.js': join(resolve('@rudderstack/analytics-js/bundled'), '../../umd/index.js'),
  '/hyperengage.js': resolve('@hyperengage/sdk-js/dist/web/lib.js'),
}

async function serveBundles(page: Page): Promise<void> {
  for (const [path, file] of Object.entries(BUNDLES)) {
    const body = readFileSync(file)
    await page.route(`**${path}`, (route) => route.fulfill({ body, contentType: 'text/javascript' }))
  }
}

test.beforeEach(({ page }) => serveBundles(page))

test('posthog-js with its api_host set: a page view, an event, a person, an account, and what is left at the end', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set('/', site.page({ title: 'Pricing', head: '<script src="/posthog.js"></script>' }))
  site.pages.set('/next', site.page({ title: 'Next' }))
  await page.goto(site.url)
  await page.evaluate(
    ([api_host, key]) => {
      const { posthog } = window as any
      posthog.init(key, {
        api_host,
        capture_pageview: true,
        opt_out_useragent_filter: true,
        persistence: 'localStorage',
      })
      posthog.capture('seen', { plan: 'pro', list: [1, null, { a: 'b' }] })
    },
    [`${ingest.url}/ingest/v1/posthog`, ingest.writeKey] as const,
  )
  // It counts the first page view only in the next task.
  await ingest.waitForEvents(1, { type: 'page' })
  await page.evaluate(() => {
    const { posthog } = window as any
    posthog.identify('u1', { email: 'zoe@acme.example' }, { first: 'ad' })
    posthog.group('company', 'acme', { plan: 'enterprise' })
    posthog.capture('chosen')
  })
  await ingest.waitForEvents(1, { event: 'chosen' })
  await page.evaluate(() => (window as any).posthog.capture('last'))
  await page.goto(`${site.url}/next`)
  await ingest.waitForEvents(1, { event: 'last' })

  const events = await ingest.events()
  const of = (type: string, event?: string) => events.find((found) => found.type === type && found.event === event)!
  const seen = of('track', 'seen')
  expect(seen).toMatchObject({
    source: 'posthog',
    userId: null,
    properties: { plan: 'pro', list: [1, null, { a: 'b' }] },
    context: { library: { name: 'web' }, page: { url: `${site.url}/` } },
  })
  expect(of('page')).toMatchObject({ name: 'Pricing', anonymousId: seen.anonymousId, properties: { path: '/' } })
  expect(of('identify')).toMatchObject({
    userId: 'u1',
    anonymousId: seen.anonymousId,
    traits: { email: 'zoe@acme.example' },
    traitsOnce: { first: 'ad' },
  })
  expect(of('group')).toMatchObject({ userId: 'u1', groupId: 'acme', traits: { plan: 'enterprise' } })
  expect(of('track', 'chosen')).toMatchObject({ userId: 'u1', context: { groupId: 'acme' } })
  expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(events.length)
  expect(await ingest.rejected()).toEqual([])
})

for (const strategy of ['standard', 'batching']) {
  test(`analytics-next with its apiHost set: every call (${strategy})`, async ({ ingest, site, page }) => {
    site.pages.set('/', site.page({ title: 'Pricing', head: '<script src="/analytics.js"></script>' }))
    await page.goto(site.url)
    await page.evaluate(
      async ([host, writeKey, strategy]) => {
        const { AnalyticsBrowser } = (window as any).AnalyticsNext
        const apiHost = `${host!.replace('http://', '')}/ingest/v1`
        const integrations = { 'Segment.io': { apiHost, protocol: 'http', deliveryStrategy: { strategy } } }
        const settings = { writeKey, cdnSettings: { integrations: { 'Segment.io': { apiKey: writeKey } } } }
        const analytics = AnalyticsBrowser.load(settings, { integrations })
        await analytics.page('Marketing', 'Pricing')
        await analytics.track('seen', { plan: 'pro', list: [1, null, { a: 'b' }] })
        await analytics.identify('u1', { email: 'zoe@acme.example' })
        await analytics.group('acme', { plan: 'enterprise' })
        await analytics.screen('Home')
        await analytics.alias('u1', 'old')
        if (strategy === 'batching') dispatchEvent(new Event('pagehide'))
      },
      [ingest.url, ingest.writeKey, strategy] as const,
    )
    if (strategy === 'batching') await page.goto('about:blank')
    const events = await ingest.waitForEvents(6)
    const of = (type: string) => events.find((found) => found.type === type)!
    expect(of('track')).toMatchObject({ source: 'http', event: 'seen', properties: { plan: 'pro' }, userId: null })
    expect(of('page')).toMatchObject({ name: 'Pricing', category: 'Marketing', anonymousId: of('track').anonymousId })
    expect(of('identify')).toMatchObject({ userId: 'u1', traits: { email: 'zoe@acme.example' } })
    expect(of('group')).toMatchObject({ groupId: 'acme', userId: 'u1' })
    expect(of('screen')).toMatchObject({ name: 'Home' })
    expect(of('alias')).toMatchObject({ userId: 'u1', previousId: 'old' })
  })
}

test("RudderStack's browser SDK with its data plane set: every call, and a user who logs out", async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set('/', site.page({ title: 'Pricing', head: '<script src="/rudderstack.js"></script>' }))
  await page.goto(site.url)
  await page.evaluate(
    ([dataPlane, key]) => {
      const analytics = new (window as any).rudderanalytics.RudderAnalytics()
      const config = { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } }
      const source = { id: 's', name: 's', writeKey: key, enabled: true, workspaceId: 'w', config, destinations: [] }
      analytics.load(key, dataPlane, { getSourceConfig: () => ({ source }) })
      analytics.page('Marketing', 'Pricing')
      analytics.track('seen', { plan: 'pro', list: [1, null, { a: 'b' }] })
      analytics.identify('u1', { email: 'zoe@acme.example' })
      analytics.group('acme', { plan: 'enterprise' })
      analytics.alias('u1', 'old')
      analytics.reset(true)
      analytics.track('left')
    },
    [`${ingest.url}/ingest`, ingest.writeKey] as const,
  )
  const events = await ingest.waitForEvents(6)
  const of = (type: string, event?: string) => events.find((found) => found.type === type && found.event === event)!
  const seen = of('track', 'seen')
  expect(seen).toMatchObject({ source: 'http', userId: null, properties: { plan: 'pro' } })
  expect(of('page')).toMatchObject({ name: 'Pricing', category: 'Marketing', anonymousId: seen.anonymousId })
  expect(of('identify')).toMatchObject({
    userId: 'u1',
    anonymousId: seen.anonymousId,
    traits: { email: 'zoe@acme.example' },
  })
  expect(of('group')).toMatchObject({ userId: 'u1', groupId: 'acme', traits: { plan: 'enterprise' } })
  expect(of('alias')).toMatchObject({ userId: 'u1', previousId: 'old' })
  expect(of('track', 'left')).toMatchObject({ userId: null })
  expect(of('track', 'left').anonymousId).not.toBe(seen.anonymousId)
  expect(await ingest.rejected()).toEqual([])
})

test('hyperengage in a page with its tracking host set: users, accounts, events', async ({ ingest, site, page }) => {
  const head = `<script src="/hyperengage.js" data-key="${ingest.writeKey}" data-workspace-key="ws" data-tracking-host="${ingest.url}"></script>`
  site.pages.set('/', site.page({ title: 'Pricing', head }))
  await page.goto(site.url)
  await page.evaluate(() => {
    const { hyperengage } = window as any
    const traits = { email: 'zoe@acme.example', name: 'Zoë', created_at: '2021-01-20T09:55:35' }
    hyperengage('identify_user', { user_id: 'u1', account_id: 'acme', traits })
    hyperengage('identify_account', { account_id: 'acme', traits: { name: 'Acme' } })
    hyperengage('track', 'seen', { plan: 'pro' })
  })
  const [seen] = await ingest.waitForEvents(1, { event: 'seen' })
  expect(seen).toMatchObject({
    source: 'hyperengage',
    userId: 'u1',
    properties: { plan: 'pro' },
    context: { groupId: 'acme', page: { url: `${site.url}/`, title: 'Pricing' } },
    verified: false,
  })
  const identified = await ingest.waitForEvents(1, { type: 'identify' })
  expect(identified).toMatchObject([{ userId: 'u1', anonymousId: seen!.anonymousId, traits: { name: 'Zoë' } }])
})
