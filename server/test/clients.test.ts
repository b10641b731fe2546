import { createRequire } from 'node:module'
import { hyperengageClient } from '@hyperengage/sdk-js'
import { Analytics } from '@segment/analytics-node'
import { PostHog } from 'posthog-node'
import { expect, test } from 'vitest'
import { SERVER_TOKEN, WRITE_KEY } from './keys.ts'
import { EVERY_KEY, startHere, until } from './server-under-test.ts'

// Its ES module has no default that Node finds.
const RudderAnalytics = createRequire(import.meta.url)('@rudderstack/rudder-sdk-node')

const PERSON = { email: 'zoë@acme.example', name: 'Zoë Díaz', seats: 7, phone: null }
const DEEP = { a: { b: [1, null, { c: 'd' }] }, price: '19.99', total: 99.99, 'key with space': 'ключ 🚀' }

const byType = (events: any[], type: string) => events.filter((event) => event.type === type)

test('@segment/analytics-node: every call, by host alone', async () => {
  const server = await startHere()
  const analytics = new Analytics({ writeKey: WRITE_KEY, host: server.url, flushAt: 3 })
  const timestamp = new Date('2025-01-02T03:04:05.678Z')
  analytics.identify({ userId: 'u1', traits: PERSON })
  analytics.track({ anonymousId: 'a1', event: 'Seen', properties: DEEP, timestamp })
  analytics.page({ userId: 'u1', name: 'Pricing', category: 'Marketing', properties: { url: 'https://acme.example/' } })
  analytics.screen({ userId: 'u1', name: 'Home' })
  analytics.group({ userId: 'u1', groupId: 'acme', traits: { plan: 'pro' } })
  analytics.alias({ userId: 'u1', previousId: 'a1' })
  await analytics.closeAndFlush()

  const events = await server.stored()
  expect(events).toHaveLength(6)
  expect(byType(events, 'identify')).toMatchObject([{ userId: 'u1', traits: PERSON, source: 'http' }])
  const [track] = byType(events, 'track')
  expect(track).toMatchObject({ anonymousId: 'a1', userId: null, event: 'Seen', properties: DEEP })
  expect(track.originalTimestamp).toBe(timestamp.toISOString())
  expect(byType(events, 'page')).toMatchObject([{ name: 'Pricing', category: 'Marketing' }])
  expect(byType(events, 'screen')).toMatchObject([{ name: 'Home' }])
  expect(byType(events, 'group')).toMatchObject([{ groupId: 'acme', userId: 'u1', traits: { plan: 'pro' } }])
  expect(byType(events, 'alias')).toMatchObject([{ previousId: 'a1', userId: 'u1' }])
})

test('@segment/analytics-node: 600 events of one flush are stored once each', async () => {
  const server = await startHere()
  const analytics = new Analytics({
    writeKey: WRITE_KEY,
    host: server.url,
    flushAt: 1000,
    maxEventsInBatch: 1000,
  } as ConstructorParameters<typeof Analytics>[0])
  for (let n = 0; n < 600; n += 1)
    analytics.track({ userId: `u${n}`, event: 'e', properties: { text: 'x'.repeat(900) } })
  await analytics.closeAndFlush()
  const events = await server.stored()
  expect(new Set(events.map(({ userId }) => userId)).size).toBe(600)
  expect(events).toHaveLength(600)
})

test('@rudderstack/rudder-sdk-node: every call, with gzip and without', async () => {
  for (const gzip of [true, false]) {
    const server = await startHere()
    const rudder = new RudderAnalytics(WRITE_KEY, {
      dataPlaneUrl: `${server.url}/ingest`,
      flushAt: 20,
      gzip,
      logLevel: 'error',
    })
    rudder.identify({ userId: 'u1', traits: PERSON })
    rudder.track({ userId: 'u1', event: 'Seen', properties: DEEP })
    rudder.page({ userId: 'u1', name: 'Pricing' })
    rudder.screen({ userId: 'u1', name: 'Home' })
    rudder.group({ userId: 'u1', groupId: 'acme', traits: { plan: 'pro' } })
    rudder.alias({ userId: 'u1', previousId: 'a1' })
    await new Promise((resolve) => rudder.flush(resolve))
    await until(async () => (await server.stored()).length >= 6)

    const events = await server.stored()
    expect(events).toHaveLength(6)
    expect(byType(events, 'identify')[0]).toMatchObject({ userId: 'u1', traits: { email: PERSON.email } })
    expect(byType(events, 'track')).toMatchObject([{ event: 'Seen', properties: DEEP }])
    expect(byType(events, 'group')).toMatchObject([{ groupId: 'acme' }])
    expect(byType(events, 'alias')).toMatchObject([{ previousId: 'a1' }])
    expect(byType(events, 'page')).toMatchObject([{ name: 'Pricing' }])
    expect(byType(events, 'screen')).toMatchObject([{ name: 'Home' }])
  }
})

test('posthog-node: people, groups, aliases and events, by host alone', async () => {
  const server = await startHere()
  const posthog = new PostHog(WRITE_KEY, { host: `${server.url}/ingest/v1/posthog`, flushAt: 100 })
  posthog.capture({ distinctId: 'a1', event: 'visited', properties: { $process_person_profile: false, ref: 'ad' } })
  posthog.identify({ distinctId: 'u1', properties: { ...PERSON, $anon_distinct_id: 'a1' } })
  posthog.alias({ distinctId: 'u1', alias: 'a1' })
  posthog.groupIdentify({ groupType: 'company', groupKey: 'acme', properties: { plan: 'pro' } })
  posthog.groupIdentify({ groupType: 'project', groupKey: 'p1' })
  posthog.capture({
    distinctId: 'u1',
    event: 'Seen',
    properties: { ...DEEP, $set: { last: 'p1' }, $set_once: { first: 'p1' } },
    groups: { company: 'acme' },
    timestamp: new Date('2025-01-02T03:04:05.678Z'),
  })
  posthog.capture({ distinctId: 'u1', event: '$pageview', properties: { $current_url: 'https://acme.example/' } })
  await posthog.shutdown()

  const events = await server.stored()
  const shown = events.map(({ type, event, userId, anonymousId }) => [type, event ?? null, userId, anonymousId])
  expect(shown).toEqual([
    ['track', 'visited', null, 'a1'],
    ['identify', null, 'u1', expect.toBeOneOf([null, 'a1'])],
    ['alias', null, 'u1', null],
    ['group', null, null, null],
    ['identify', null, 'u1', null],
    ['track', 'Seen', 'u1', null],
    ['page', null, 'u1', null],
  ])
  expect(events[1]).toMatchObject({ traits: PERSON })
  expect(events[3]).toMatchObject({ groupId: 'acme', traits: { plan: 'pro' } })
  expect(events[4]).toMatchObject({ traits: { last: 'p1' }, traitsOnce: { first: 'p1' } })
  expect(events[5]).toMatchObject({
    properties: DEEP,
    context: { groupId: 'acme', groups: { company: 'acme' }, library: { name: 'posthog-node' } },
    originalTimestamp: '2025-01-02T03:04:05.678Z',
    source: 'posthog',
  })
  expect(events[6]).toMatchObject({ context: { page: { url: 'https://acme.example/' } } })
})

test('@hyperengage/sdk-js on a server: users, accounts and events', async () => {
  const server = await startHere({ workspace: EVERY_KEY })
  const hyperengage = hyperengageClient({
    key: SERVER_TOKEN,
    workspace_key: 'ws',
    tracking_host: server.url,
    max_send_attempts: 1,
  } as Parameters<typeof hyperengageClient>[0])
  const traits = { email: PERSON.email, name: PERSON.name, created_at: '2021-01-20T09:55:35' }
  await hyperengage.identify_user({ user_id: 'u1', account_id: 'acme', traits } as any)
  await hyperengage.identify_account({ account_id: 'acme', traits: { name: 'Acme' } } as any)
  await hyperengage.track('Seen', DEEP as object)

  const events = await server.stored()
  expect(events).toMatchObject([
    { type: 'identify', userId: 'u1', traits, verified: true },
    { type: 'group', userId: 'u1', groupId: 'acme', traits: { name: 'Acme' } },
    { type: 'track', event: 'Seen', userId: 'u1', properties: DEEP, context: { groupId: 'acme' } },
  ])
})
