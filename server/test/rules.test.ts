import { expect, test } from 'vitest'
import { startHere, startWith, temporaryFolder, until } from './server-under-test.ts'

const track = { type: 'track', userId: 'u', event: 'e' }
const identify = { type: 'identify', userId: 'u', traits: { plan: 'free' } }

const errorOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string; message: string } }).error

test('a type that is not allowed is 403 where one call is sent, and costs only itself in a batch', async () => {
  const server = await startWith({ allowedTypes: ['track', 'page'] })
  expect((await server.post('/ingest/v1/track', track)).status).toBe(200)
  const single = await server.post('/ingest/v1/identify', identify)
  expect(single.status).toBe(403)
  const error = await errorOf(single)
  expect(error).toEqual({
    code: 'type_not_allowed',
    message: '`type` must be `track` or `page` for this workspace (`allowedTypes`); it is "identify".',
  })

  const batch = [
    { ...track, messageId: 'good' },
    { ...identify, messageId: 'bad' },
    { type: 'page', userId: 'u', messageId: 'page' },
  ]
  const response = await server.post('/ingest/v1/batch', { batch })
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({
    received: 3,
    accepted: 2,
    duplicates: 0,
    rejected: 1,
    errors: [{ index: 1, messageId: 'bad', ...error }],
  })
  expect((await server.stored()).map(({ type }) => type)).toEqual(['track', 'track', 'page'])
  expect(await server.rejected()).toMatchObject([
    { status: 403, ...error, body: JSON.stringify(identify) },
    { status: null, index: 1, messageId: 'bad', ...error },
  ])
})

test('what was taken stays taken, and what was refused stays refused, when the log is processed under other rules', async () => {
  const data = temporaryFolder()
  const stalled = { data, workerScript: new URL('./programs/idle-worker.ts', import.meta.url) }
  const first = await startWith({ allowedTypes: ['track'] }, stalled)
  const batch = [
    { ...track, messageId: 'taken' },
    { ...identify, messageId: 'refused' },
  ]
  expect(await (await first.post('/ingest/v1/batch', { batch })).json()).toMatchObject({ accepted: 1, rejected: 1 })
  await first.close()

  const second = await startWith({ allowedTypes: ['identify'] }, { data })
  expect((await second.stored()).map(({ messageId }) => messageId)).toEqual(['taken'])
  expect(await second.rejected()).toMatchObject([{ code: 'type_not_allowed', messageId: 'refused', index: 1 }])
})

test('more than its rate is 429 with the seconds to wait, and after those it is taken', async () => {
  let nowMs = Date.now()
  const server = await startWith({ ratePerSecond: 2 }, { now: () => nowMs })
  const send = () => server.post('/ingest/v1/track', track)
  expect([(await send()).status, (await send()).status]).toEqual([200, 200])
  const refused = await send()
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await errorOf(refused)).toEqual({
    code: 'rate_limited',
    message: 'Too much at once: this workspace takes 2 events per second. Send it again after `Retry-After` seconds.',
  })
  nowMs += 1000
  expect([(await send()).status, (await send()).status, (await send()).status]).toEqual([200, 200, 429])
  expect(await server.stored()).toHaveLength(4)
})

test('a batch larger than the rate is taken whole, and paid for afterwards', async () => {
  let nowMs = Date.now()
  const server = await startWith({ ratePerSecond: 10 }, { now: () => nowMs })
  const send = (events: number) => server.post('/ingest/v1/batch', { batch: Array(events).fill(track) })
  expect((await send(50)).status).toBe(200)
  const refused = await send(1)
  expect(refused.status).toBe(429)
  // 10 at once, so 40 are owed, and one more is asked for.
  expect(refused.headers.get('retry-after')).toBe('5')
  nowMs += 5000
  expect((await send(1)).status).toBe(200)
  expect(await server.stored()).toHaveLength(51)
})

test('a rate below one a second is kept too', async () => {
  let nowMs = Date.now()
  const server = await startWith({ ratePerSecond: 0.1 }, { now: () => nowMs })
  const send = () => server.post('/ingest/v1/track', track)
  expect((await send()).status).toBe(200)
  const refused = await send()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10'])
  nowMs += 10_000
  expect((await send()).status).toBe(200)
})

const ORIGINS: [origin: string | undefined, status: number][] = [
  ['https://app.example.com', 200],
  ['https://app.example.com:8443', 403],
  ['http://app.example.com', 403],
  ['https://example.com', 403],
  ['https://app.example.com.evil.net', 403],
  ['https://a.acme.dev', 200],
  ['https://a.b.acme.dev', 200],
  ['https://acme.dev', 403],
  ['https://notacme.dev', 403],
  ['http://localhost:3000', 200],
  ['http://localhost:3001', 403],
  ['capacitor://localhost', 200],
  ['null', 403],
  [undefined, 200],
]

test('pages of other origins are refused, and can read why', async () => {
  const allowedOrigins = [
    'https://APP.example.com:443',
    'https://*.acme.dev',
    'http://localhost:3000',
    'capacitor://localhost',
  ]
  const server = await startWith({ allowedOrigins })
  for (const [origin, status] of ORIGINS) {
    const headers = { 'x-write-key': 'wk_test', ...(origin !== undefined && { origin }) }
    const response = await server.post('/ingest/v1/batch', { batch: [track] }, headers)
    expect(response.status, origin).toBe(status)
    if (status === 200) continue
    expect(response.headers.get('access-control-allow-origin')).toBe(origin)
    expect(await errorOf(response)).toEqual({
      code: 'origin_not_allowed',
      message: `This workspace takes nothing from pages of ${origin}. If it should, add that to its \`allowedOrigins\`.`,
    })
  }
  expect(await server.stored()).toHaveLength(ORIGINS.filter(([, status]) => status === 200).length)
  await until(async () => (await server.rejected()).length === ORIGINS.filter(([, status]) => status === 403).length)
})

test('a workspace without rules takes every type, from every origin, at any rate', async () => {
  const server = await startHere()
  const headers = { 'x-write-key': 'wk_test', origin: 'https://anywhere.example' }
  for (let count = 0; count < 20; count += 1) {
    expect((await server.post('/ingest/v1/identify', identify, headers)).status).toBe(200)
  }
})

const WITH_KEY = { 'x-write-key': 'wk_test' }
const SERVER = { authorization: 'Bearer hsk_test' }

/** A track by the name of `e` at every door, in the form of its source, and whether a batch or a connector answers for it. */
const DOORS: [path: string, body: unknown, headers: Record<string, string>, inBatch: boolean][] = [
  ['/ingest/v1/t', track, WITH_KEY, false],
  ['/ingest/v1/b', { batch: [track] }, WITH_KEY, true],
  ['/ingest/v1/segment', track, WITH_KEY, true],
  ['/ingest/v1/posthog', { event: { uuid: 'p', event: 'e', distinct_id: 'u', properties: {} } }, WITH_KEY, true],
  ['/ingest/v1/posthog/e', { event: 'e', distinct_id: 'u', properties: {} }, WITH_KEY, true],
  [
    '/ingest/v1/intercom',
    {
      type: 'notification_event',
      id: 'notif_1',
      topic: 'event.created',
      created_at: 1_700_000_000,
      data: { item: { type: 'event', event_name: 'e', created_at: 1_700_000_000, user_id: 'u', metadata: {} } },
    },
    WITH_KEY,
    true,
  ],
  ['/api/v1/s2s/event?token=hsr_test_token_of_a_server', { event_type: 'e', user_id: 'u' }, {}, false],
  ['/v1/api/events/new', { event: 'e', uid: 'u' }, { 'x-ck-api-key': 'ck_key', 'x-ck-app': 'ck_app' }, false],
  ['/v1/api/events/bulk', [{ event: 'e', uid: 'u' }], { 'x-ck-api-key': 'ck_key', 'x-ck-app': 'ck_app' }, true],
  ['/v1/events', { name: 'e', userId: 'u', idempotencyKey: 'i' }, SERVER, false],
  ['/api/v1/events', track, WITH_KEY, false],
  ['/api/v1/events/batch', { batch: [track] }, WITH_KEY, true],
]

const EVERY_CREDENTIAL = {
  serverTokens: ['hsr_test_token_of_a_server'],
  hogsendKeys: [{ key: 'hsk_test', scopes: ['ingest'] }],
  churnkey: { appId: 'ck_app', apiKey: 'ck_key' },
}

test('every door has the rules: types, contract and rate', async () => {
  const refusing = await startWith({ ...EVERY_CREDENTIAL, allowedTypes: ['identify'] })
  const keeping = await startWith({
    ...EVERY_CREDENTIAL,
    contract: { mode: 'quarantine', unplanned: 'quarantine', rules: [] },
  })
  const slow = await startWith({ ...EVERY_CREDENTIAL, ratePerSecond: 1e-6 }, { now: () => 1_800_000_000_000 })
  expect((await slow.post('/ingest/v1/track', track)).status).toBe(200)
  for (const [path, body, headers, inBatch] of DOORS) {
    const typed = await refusing.post(path, body, headers)
    expect([typed.status, path]).toEqual([inBatch ? 200 : 403, path])
    expect(JSON.stringify(await typed.json())).toContain('allowedTypes')
    const kept = await keeping.post(path, body, headers)
    expect(await kept.json(), path).toMatchObject({
      received: 1,
      accepted: 0,
      quarantined: 1,
      errors: [{ code: 'contract_quarantined' }],
    })
    expect([(await slow.post(path, body, headers)).status, path]).toEqual([429, path])
  }
  expect(await refusing.stored()).toEqual([])
  expect(await keeping.stored()).toEqual([])
  await keeping.processed()
  const { held, quarantined } = (await (await keeping.get('/api/v1/quarantine')).json()) as {
    held: number
    quarantined: { event: { event: string; source: string } }[]
  }
  expect(held).toBe(DOORS.length)
  expect(new Set(quarantined.map(({ event }) => event.source)).size).toBe(8)
})

test('enforced, a secret of the source does in place of a signature', async () => {
  const server = await startWith({ ...EVERY_CREDENTIAL, identitySecret: 'secret', enforceIdentity: true })
  await server.post('/v1/events', { name: 'e', userId: 'u', contactProperties: { plan: 'pro' } }, SERVER)
  expect((await server.stored()).map(({ type, verified }) => [type, verified])).toEqual([
    ['identify', true],
    ['track', true],
  ])
  const set = { uuid: 'p', event: 'e', distinct_id: 'u', properties: { $set: { plan: 'free' } } }
  const response = await server.post('/ingest/v1/posthog/e', set, WITH_KEY)
  expect(await response.json()).toMatchObject({ accepted: 0, errors: [{ code: 'unverified_identity' }] })
})
