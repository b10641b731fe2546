import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { DOORS } from '../src/doors.ts'
import { ADMIN_TOKEN, CHURNKEY_API_KEY, CHURNKEY_APP_ID, HOGSEND_KEY, SERVER_TOKEN, WRITE_KEY } from './keys.ts'
import { EVERY_KEY, startHere } from './server-under-test.ts'

type Kind = 'write' | 'admin' | 'server' | 'hogsend' | 'churnkey' | 'widget'

const KEYS: Record<Kind, string> = {
  write: WRITE_KEY,
  admin: ADMIN_TOKEN,
  server: SERVER_TOKEN,
  hogsend: HOGSEND_KEY,
  churnkey: CHURNKEY_API_KEY,
  widget: 'pk_widget',
}

/** What the sentence about a key of another kind says that it is, and which one belongs there. */
const IS: Record<Kind, RegExp> = {
  write: /is a write key/,
  admin: /is an admin token/,
  server: /is a server token/,
  hogsend: /is a Hogsend key/,
  churnkey: /is an API key of Churnkey/,
  widget: /is a public widget key/,
}
const BELONGS: Record<string, RegExp> = {
  http: /Use the write key: it starts with `wk_`/,
  segment: /Use the write key/,
  posthog: /Use the write key/,
  intercom: /Use the write key/,
  signalsmith: /Use the write key/,
  hyperengage: /Use a server token/,
  hogsend: /Use a key that starts with `hsk_`/,
  churnkey: /Use the API key and the app id of Churnkey/,
}
const OPENS: Record<string, Kind[]> = { hyperengage: ['server', 'write'], hogsend: ['hogsend'], churnkey: [] }

test('a key of one kind at the door of another is refused with what it is and which one belongs there', async () => {
  const server = await startHere({ workspace: EVERY_KEY })
  for (const { path, methods, source, door } of DOORS) {
    const opens = OPENS[source] ?? ['write']
    for (const [kind, key] of Object.entries(KEYS) as [Kind, string][]) {
      if (opens.includes(kind) && !(kind === 'write' && door === 'server')) continue
      const headers = { authorization: `Bearer ${key}` }
      const response = await fetch(server.url + path, { method: methods[0], headers, body: '{}' })
      const answer = (await response.json()) as any
      const sentence = typeof answer.error === 'string' ? answer.error : answer.error.message
      expect(response.status, `${kind} at ${path}`).toBe(401)
      expect(sentence, `${kind} at ${path}`).toMatch(BELONGS[source]!)
      if (source !== 'churnkey' || kind !== 'churnkey') expect(sentence, `${kind} at ${path}`).toMatch(IS[kind])
    }
    const response = await fetch(server.url + path, { method: methods[0], body: '{}' })
    expect(response.status, path).toBe(401)
    const answer = (await response.json()) as any
    expect(answer.code ?? answer.error.code).toMatch(/^missing_(write_key|token|api_key)$/)
  }
  expect(await server.stored()).toEqual([])
})

test('a page that has the wrong key is told of the write key, and never to hold a secret', async () => {
  const server = await startHere({ workspace: EVERY_KEY })
  for (const [token, says] of [
    ['', /^A key is required\. In a page use the write key/],
    ['wk_unknown', /^This key is not known here\. In a page use the write key/],
    [HOGSEND_KEY, /is a Hogsend key.*In a page use the write key.*a server token only on a server/],
  ] as const) {
    const response = await server.post(`/api/v1/event?token=${token}`, { event_type: 'e', anonymous_id: 'a' }, {})
    expect(response.status, token).toBe(401)
    expect(((await response.json()) as any).error.message).toMatch(says)
  }
})

test('a key of Hogsend opens what its scopes say', async () => {
  const workspace = { ...EVERY_KEY, hogsendKeys: [{ key: 'hsk_reads', scopes: ['read'] }] }
  const server = await startHere({ workspace })
  const response = await server.post('/v1/events', { name: 'e', userId: 'u' }, { authorization: 'Bearer hsk_reads' })
  expect(response.status).toBe(403)
  expect(await response.json()).toEqual({ error: 'This key lacks the scope `ingest`.', code: 'forbidden_scope' })
})

test('HEAD is answered where a product looks at a URL first, without a key', async () => {
  const server = await startHere()
  for (const path of ['/ingest/v1/segment', '/ingest/v1/posthog', '/ingest/v1/intercom', '/ingest/v1/intercom/']) {
    const response = await fetch(server.url + path, { method: 'HEAD' })
    expect(response.status, path).toBe(200)
    expect(await response.text()).toBe('')
  }
})

test('batches are taken at every path that an SDK puts behind the host that it is given', async () => {
  const server = await startHere()
  const paths = [
    '/v1/import',
    '/ingest/v1/import',
    '/ingest/v1/import/',
    '/ingest//v1/batch',
    '//v1/batch',
    `/ingest/beacon/v1/batch?writeKey=${WRITE_KEY}`,
    `/beacon/v1/batch?writeKey=${WRITE_KEY}`,
  ]
  for (const path of paths) {
    const headers: Record<string, string> = path.includes('writeKey') ? {} : { authorization: `Bearer ${WRITE_KEY}` }
    const response = await server.post(path, { batch: [{ type: 'track', userId: 'u', event: path }] }, headers)
    expect(response.status, path).toBe(200)
    const preflight = await fetch(server.url + path, { method: 'OPTIONS', headers: { origin: 'https://shop.example' } })
    expect(preflight.status, path).toBe(204)
  }
  expect((await server.stored()).map(({ event, source }) => [event, source])).toEqual(
    paths.map((path) => [path, 'http']),
  )
})

const hmac = (algorithm: string, secret: string, text: string) =>
  createHmac(algorithm, secret).update(text).digest('hex')

const CALL = { type: 'track', userId: 'u', event: 'e', timestamp: '2025-03-15T14:31:31.000Z' }

test("Segment's signature is checked once a secret is configured, of a batch by its first event", async () => {
  const workspace = { ...EVERY_KEY, segmentSharedSecret: 'shh' }
  const server = await startHere({ workspace })
  const bearer = { authorization: `Bearer ${WRITE_KEY}` }
  const batch = JSON.stringify([CALL, { ...CALL, event: 'f' }])
  const send = async (body: string, signature?: string) => {
    const headers = { ...bearer, ...(signature !== undefined && { 'x-signature': signature }) }
    const response = await server.post('/ingest/v1/segment', body, headers)
    const answer = (await response.json()) as any
    return [response.status, answer.error?.code ?? answer.accepted]
  }
  expect(await send(batch)).toEqual([401, 'missing_signature'])
  expect(await send(batch, 'zz')).toEqual([401, 'invalid_signature'])
  expect(await send(batch, hmac('sha1', 'other', JSON.stringify(CALL)))).toEqual([401, 'invalid_signature'])
  expect(await send(batch, hmac('sha1', 'shh', JSON.stringify(CALL)))).toEqual([200, 2])
  const spaced = JSON.stringify(CALL, null, 2)
  expect(await send(spaced, hmac('sha1', 'shh', spaced))).toEqual([200, 1])
  const events = await server.stored()
  expect(events.map(({ verified }) => verified)).toEqual([true, true, true])
})

test("Intercom's signature is checked once a secret is configured", async () => {
  const workspace = { ...EVERY_KEY, intercomClientSecret: 'shh' }
  const server = await startHere({ workspace })
  const item = { type: 'contact', id: 'c1', external_id: 'u1' }
  const body = JSON.stringify({ type: 'notification_event', id: 'n1', topic: 'contact.created', data: { item } })
  const send = async (signature?: string) => {
    const headers: Record<string, string> = signature === undefined ? {} : { 'x-hub-signature': signature }
    const response = await server.post(`/ingest/v1/intercom?writeKey=${WRITE_KEY}`, body, headers)
    return [response.status, ((await response.json()) as any).error?.code]
  }
  expect(await send()).toEqual([401, 'missing_signature'])
  expect(await send(hmac('sha1', 'shh', body))).toEqual([401, 'invalid_signature'])
  expect(await send(`sha1=${hmac('sha1', 'shh', `${body} `)}`)).toEqual([401, 'invalid_signature'])
  expect(await send(`sha1=${hmac('sha1', 'shh', body)}`)).toEqual([200, undefined])
  expect(await server.stored()).toMatchObject([{ userId: 'u1', verified: true }])
})

test("Churnkey's page call: no hash is unverified and changes no data, a right one does, a forged one is refused", async () => {
  const server = await startHere({ workspace: EVERY_KEY })
  const event = { event: 'Post Created', customerId: 'cus_1', appId: CHURNKEY_APP_ID, customerData: { seats: 7 } }
  const send = async (body: object, headers: Record<string, string> = {}) => {
    const response = await server.post('/v1/api/events/new', body, headers)
    return [response.status, ((await response.json()) as any).error?.code]
  }
  expect(await send(event)).toEqual([200, undefined])
  expect(await send({ ...event, authHash: hmac('sha256', 'other', 'cus_1') })).toEqual([401, 'invalid_auth_hash'])
  expect(await send({ ...event, authHash: 7 })).toEqual([401, 'invalid_auth_hash'])
  expect(await send({ ...event, authHash: hmac('sha256', CHURNKEY_API_KEY, 'cus_1') })).toEqual([200, undefined])
  const byEmail = { event: 'Left', customerEmail: 'Jane@Acme.example', appId: CHURNKEY_APP_ID }
  expect(await send({ ...byEmail, authHash: hmac('sha256', CHURNKEY_API_KEY, 'Jane@Acme.example') })).toEqual([
    200,
    undefined,
  ])
  expect(await send({ ...event, appId: 'other' })).toEqual([401, 'invalid_api_key'])
  const wrongKey = { 'x-ck-api-key': 'wrong', 'x-ck-app': CHURNKEY_APP_ID }
  expect(await send({ ...event, customerId: 'cus_2' }, wrongKey)).toEqual([401, 'invalid_api_key'])

  const events = await server.stored()
  expect(events.map(({ type, verified, userId, email }) => [type, verified, userId, email])).toEqual([
    ['track', false, 'cus_1', undefined],
    ['identify', true, 'cus_1', undefined],
    ['track', true, 'cus_1', undefined],
    ['track', true, null, 'jane@acme.example'],
  ])
  expect(events[0]!.warnings).toEqual(['customer data was not used: no secret stands behind the request'])
})

test("a hash of Churnkey's page vouches for the customer that it is of, and for no other id beside it", async () => {
  const server = await startHere({ workspace: EVERY_KEY })
  const authHash = hmac('sha256', CHURNKEY_API_KEY, 'cus_1')
  const event = { event: 'Left', customerId: 'cus_1', appId: CHURNKEY_APP_ID, authHash, customerData: { seats: 7 } }
  for (const said of [{ uid: 'cus_1' }, { uid: 'victim' }, { user: { uid: 'victim', data: { plan: 'free' } } }]) {
    expect((await server.post('/v1/api/events/new', { ...event, ...said }, {})).status).toBe(200)
  }
  const events = await server.stored()
  expect(events.map(({ type, verified, userId }) => [type, verified, userId])).toEqual([
    ['identify', true, 'cus_1'],
    ['track', true, 'cus_1'],
    ['track', false, 'victim'],
    ['track', false, 'victim'],
  ])
})

test("a hash of a customer's id does not vouch for an address beside it: that stays with its owner", async () => {
  const server = await startHere({ workspace: EVERY_KEY })
  const ck = { 'x-ck-api-key': CHURNKEY_API_KEY, 'x-ck-app': CHURNKEY_APP_ID }
  const customerEmail = 'owner@acme.example'
  await server.post('/v1/api/events/new', { event: 'Joined', customerId: 'owner', customerEmail }, ck)
  const authHash = hmac('sha256', CHURNKEY_API_KEY, 'other')
  const claim = { event: 'Left', customerId: 'other', customerEmail, appId: CHURNKEY_APP_ID, eventDate: '2001-01-01' }
  expect((await server.post('/v1/api/events/new', { ...claim, authHash }, {})).status).toBe(200)
  expect(await server.stored()).toMatchObject([
    { userId: 'owner', email: customerEmail, verified: true },
    { userId: 'other', email: customerEmail, verified: true, emailVerified: false },
  ])
  expect(await (await server.get(`/api/v1/profiles/${customerEmail}`)).json()).toMatchObject({ userId: 'owner' })
  expect(await (await server.get('/api/v1/profiles/other')).json()).toMatchObject({ emails: [], verified: true })
})

const CK = { 'x-ck-api-key': CHURNKEY_API_KEY, 'x-ck-app': CHURNKEY_APP_ID }
const BASIC = { authorization: `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}` }

const limits: [
  path: string,
  headers: Record<string, string>,
  event: object,
  maxEvents: number,
  over: [number, string],
][] = [
  ['/ingest/v1/segment', BASIC, CALL, 4000, [413, 'payload_too_large']],
  ['/ingest/v1/posthog/batch', BASIC, { event: 'e', distinct_id: 'u' }, 2500, [413, 'payload_too_large']],
  ['/v1/api/events/bulk', CK, { event: 'e', customerId: 'c' }, 100, [400, 'batch_too_large']],
  ['/api/v1/events/batch', BASIC, CALL, 500, [400, 'batch_too_large']],
]

test('each door takes as many events as its source sends, and refuses more with the number', async () => {
  const server = await startHere({ workspace: EVERY_KEY })
  let stored = 0
  for (const [path, headers, event, maxEvents, [status, code]] of limits) {
    const full = await server.post(path, Array(maxEvents).fill(event), headers)
    expect(await full.json(), path).toMatchObject({ received: maxEvents, accepted: maxEvents })
    stored += maxEvents
    const over = await server.post(path, Array(maxEvents + 1).fill(event), headers)
    expect(over.status, path).toBe(status)
    const { error } = (await over.json()) as any
    expect(error.code).toBe(code)
    expect(error.message).toMatch(new RegExp(`at most ${maxEvents} events.*it has ${maxEvents + 1}`))
  }
  expect(await server.stored()).toHaveLength(stored)
})

test('an event of a connector may have 1 MiB, and one over it costs only itself', async () => {
  const server = await startHere({ workspace: EVERY_KEY })
  const large = (bytes: number) => ({ ...CALL, properties: { text: 'x'.repeat(bytes) } })
  const answer = await server.post('/ingest/v1/segment', [large(1_000_000), large(1_100_000), CALL], BASIC)
  expect(await answer.json()).toMatchObject({
    accepted: 2,
    errors: [{ index: 1, code: 'event_too_large', message: expect.stringMatching(/at most 1048576 bytes/) }],
  })
  expect(await server.stored()).toHaveLength(2)
})

test('what the log has comes to the same again: ids, generated ones too, and proofs', async () => {
  const server = await startHere({ workspace: EVERY_KEY })
  const hogsend = { authorization: `Bearer ${HOGSEND_KEY}`, 'idempotency-key': 'key-1' }
  await server.post('/v1/events', { name: 'e', userId: 'u', contactProperties: { plan: 'pro' } }, hogsend)
  const flat = { event_id: '', event_type: 'e', user_id: 'u', utc_time: '2025-11-21T01:59:07.311000Z' }
  for (let time = 0; time < 2; time += 1) await server.post(`/api/v1/s2s/event?token=${SERVER_TOKEN}`, flat, {})
  await server.post('/v1/api/events/new', { event: 'e', customerId: 'c', customerData: { a: 1 } }, CK)
  const events = await server.stored()
  expect(events.map(({ messageId }) => messageId)).toEqual([
    'hogsend:key-1#contact',
    'hogsend:key-1',
    expect.stringMatching(/^hyperengage:[0-9a-f]{64}$/),
    expect.stringMatching(/^gen-0-4-0$/),
    expect.stringMatching(/^gen-0-4-0-1$/),
  ])
  expect(events.every(({ verified }) => verified)).toBe(true)
})
