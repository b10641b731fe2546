import { Agent, request as httpRequest } from 'node:http'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DOORS, type Door } from '../src/doors.ts'
import { CHURNKEY_API_KEY, CHURNKEY_APP_ID, HOGSEND_KEY, SERVER_TOKEN, WRITE_KEY } from './keys.ts'
import { EVERY_KEY, startHere } from './server-under-test.ts'

const RUNS_PER_DOOR = 30
/** On a machine that does nothing else it is some 6 s for all. */
const TEST_MAX_MS = 60_000

/** Each once, whatever the number of its paths. */
const DIFFERENT_DOORS = [...new Map(DOORS.map((door) => [`${door.source} ${door.door}`, door])).values()]

const CREDENTIALS: Record<string, { headers: Record<string, string>; query: string }> = {
  hyperengage: { headers: {}, query: `?token=${SERVER_TOKEN}` },
  churnkey: { headers: { 'x-ck-api-key': CHURNKEY_API_KEY, 'x-ck-app': CHURNKEY_APP_ID }, query: '' },
  hogsend: { headers: { authorization: `Bearer ${HOGSEND_KEY}` }, query: '' },
}
const BY_WRITE_KEY = { headers: { authorization: `Bearer ${WRITE_KEY}` }, query: '' }

/** Field names that the doors look at, so that random values stand where they hurt. */
const KEYS = [
  ...['type', 'event', 'userId', 'anonymousId', 'messageId', 'timestamp', 'sentAt', 'context', 'properties', 'traits'],
  ...['batch', 'integrations', 'groupId', 'previousId', 'name', 'distinct_id', 'uuid', '$set', '$set_once', '$unset'],
  ...[
    '$groups',
    '$group_type',
    '$group_key',
    'person',
    'offset',
    'topic',
    'data',
    'item',
    'contacts',
    'companies',
    'id',
  ],
  ...[
    'event_type',
    'utc_time',
    'user_id',
    'ids',
    'eventn_ctx',
    'user',
    'uid',
    'customerId',
    'customerData',
    'eventData',
  ],
  ...['email', 'eventProperties', 'contactProperties', 'lists', 'groups', 'idempotencyKey', 'groupType', 'groupKey'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'length', '', 'k'.repeat(5000)],
]
const VALUES = [
  ...[
    'track',
    'identify',
    'group',
    '$identify',
    '$groupidentify',
    '$create_alias',
    '$pageview',
    '$set',
    'company',
    'u1',
  ],
  ...['contact.created', 'contact.merged', 'conversation.user.replied', 'event.created', 'user_identify', 'pageview'],
  ...['2025-01-01', '1e400', '\u0000', '\ud800', ' ', '9'.repeat(400), 'a@b', 'x'.repeat(600)],
  ...[0, -0, -1, 1e308, Number.MAX_SAFE_INTEGER, null, true, false, [], {}],
]

const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels))

const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    { weight: 5, arbitrary: fc.constantFrom(...VALUES) },
    { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
    { weight: 1, arbitrary: fc.constantFrom(200, 300, 3000).map(nested) },
    { weight: 5, arbitrary: tie('object') },
    { weight: 2, arbitrary: fc.array(tie('json'), { maxLength: 4 }) },
  ),
  object: fc.array(fc.tuple(fc.constantFrom(...KEYS), tie('json')), { maxLength: 8 }).map(Object.fromEntries),
}))

/** JSON.stringify of what is nested too deep would end the test, not the server. */
const text = json.map((value) => {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch {
    return '['.repeat(20_000)
  }
})

const bytes = text.chain((body) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(Buffer.from(body)) },
    { weight: 1, arbitrary: fc.nat().map((at) => Buffer.from(body.slice(0, at % (body.length + 1)))) },
    { weight: 1, arbitrary: fc.nat().map((at) => flipped(Buffer.from(body), at)) },
    { weight: 1, arbitrary: fc.nat().map((at) => flipped(gzipSync(body), at)) },
    { weight: 1, arbitrary: fc.constant(gzipSync(body)) },
    { weight: 1, arbitrary: fc.constant(Buffer.from(`data=${Buffer.from(body).toString('base64')}%zz%`)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((random) => Buffer.from(random)) },
    { weight: 1, arbitrary: fc.constant(Buffer.from(`data=${encodeURIComponent(gzipSync(body).toString('base64'))}`)) },
  ),
)

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  if (copy.length > 0) copy[at % copy.length]! ^= 1 << (at % 8)
  return copy
}

const encoding = fc.constantFrom(undefined, undefined, undefined, 'gzip', 'br', 'deflate', 'zstd')

const agent = new Agent({ keepAlive: true, maxSockets: 4 })

/** Over node:http: fetch costs four times the CPU, which is half of this test. */
function send(url: string, method: string, headers: Record<string, string>, body: Buffer) {
  return new Promise<{ status: number; answer: any }>((resolve, reject) => {
    const post = httpRequest(url, { method, headers, agent }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part) => parts.push(part))
      response.on('end', () => {
        const said = Buffer.concat(parts).toString('utf8')
        try {
          resolve({ status: response.statusCode!, answer: JSON.parse(said) })
        } catch {
          reject(new Error(`${response.statusCode} with no JSON: ${said.slice(0, 200)}`))
        }
      })
    })
    post.on('error', reject)
    post.end(body)
  })
}

const to = (
  server: { url: string },
  { path, methods, source }: Door,
  body: Buffer,
  more: Record<string, string> = {},
) => {
  const { headers, query } = CREDENTIALS[source] ?? BY_WRITE_KEY
  return send(server.url + path + query, methods[0]!, { ...headers, ...more }, body)
}

const residentMiB = () => process.memoryUsage().rss / 1024 ** 2

test(
  'whatever comes to whatever door, the answer is JSON, never a failure of ours, and the worker goes on',
  async () => {
    const server = await startHere({ workspace: EVERY_KEY })
    for (const door of DIFFERENT_DOORS) {
      await fc.assert(
        fc.asyncProperty(bytes, encoding, async (body, contentEncoding) => {
          const { status, answer } = await to(
            server,
            door,
            body,
            contentEncoding ? { 'content-encoding': contentEncoding } : {},
          )
          if (status >= 500) throw new Error(`${door.path} answered ${status}: ${JSON.stringify(answer)}`)
          expect(typeof answer).toBe('object')
        }),
        { numRuns: RUNS_PER_DOOR, endOnFailure: true },
      )
    }
    await server.processed()
    const { status, worker } = await server.health()
    expect({ status, worker }).toEqual({ status: 'ok', worker: { state: 'running', restarts: 0 } })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  },
  TEST_MAX_MS,
)

/** A good event of each door that takes many, by the number that finds it again. */
const GOOD: Record<string, { path: string; of: (n: number) => object }> = {
  native: { path: '/ingest/v1/batch', of: (n) => ({ type: 'track', userId: `good-${n}`, event: 'good' }) },
  segment: { path: '/ingest/v1/segment', of: (n) => ({ type: 'track', userId: `good-${n}`, event: 'good' }) },
  signalsmith: { path: '/api/v1/events/batch', of: (n) => ({ type: 'track', userId: `good-${n}`, event: 'good' }) },
  posthog: { path: '/ingest/v1/posthog/batch', of: (n) => ({ distinct_id: `good-${n}`, event: 'good' }) },
  hyperengage: { path: '/api/v1/s2s/event', of: (n) => ({ user_id: `good-${n}`, event_type: 'good' }) },
  churnkey: { path: '/v1/api/events/bulk', of: (n) => ({ customerId: `good-${n}`, event: 'good' }) },
}

test(
  'in a batch the good events are always stored, whatever stands between them',
  async () => {
    const server = await startHere({ workspace: EVERY_KEY })
    let made = 0
    for (const { path, of } of Object.values(GOOD)) {
      const door = DOORS.find((candidate) => candidate.path === path)!
      // An item that has a `batch` is an envelope, which is another form of a body.
      const junk = json.filter((value) => !(typeof value === 'object' && value !== null && 'batch' in value))
      await fc.assert(
        fc.asyncProperty(fc.array(junk, { maxLength: 5 }), fc.nat(5), async (between, place) => {
          const items = [...between]
          items.splice(Math.min(place, items.length), 0, of(made))
          let body: string
          try {
            body = JSON.stringify(items)
          } catch {
            return
          }
          made += 1
          const { status, answer } = await to(server, door, Buffer.from(body))
          expect(status, `${path} ${JSON.stringify(answer)}`).toBe(200)
          expect(answer.received).toBe(items.length)
          expect(answer.accepted + answer.rejected + (answer.ignored ?? 0)).toBe(items.length)
        }),
        { numRuns: RUNS_PER_DOOR, endOnFailure: true },
      )
    }
    const events = await server.stored()
    const found = new Set(events.map(({ userId }) => userId))
    expect(Array.from({ length: made }, (_, n) => `good-${n}`).filter((id) => !found.has(id))).toEqual([])
  },
  TEST_MAX_MS,
)

test(
  'a small body that would become 50 MB, at every door, is refused and leaves no memory behind',
  async () => {
    const server = await startHere({ workspace: EVERY_KEY })
    const large = Buffer.alloc(50_000_000, '[')
    const bombs: [Buffer, Record<string, string>][] = [
      [gzipSync(large), {}],
      [brotliCompressSync(large.subarray(0, 10_000_000)), { 'content-encoding': 'br' }],
      [Buffer.from(`data=${encodeURIComponent(gzipSync(large).toString('base64'))}`), {}],
    ]
    const before = residentMiB()
    for (const door of DIFFERENT_DOORS) {
      for (const [body, headers] of bombs) {
        const { status } = await to(server, door, body, headers)
        const isForm = body.subarray(0, 5).toString() === 'data='
        expect(status, door.path).toBe(isForm && door.source !== 'posthog' ? 400 : 413)
      }
    }
    expect(residentMiB() - before).toBeLessThan(100)
  },
  TEST_MAX_MS,
)
