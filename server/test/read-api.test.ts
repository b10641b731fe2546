import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { client, startHere, startProcess, temporaryFolder } from './server-under-test.ts'

const numbered = (count: number) =>
  Array.from({ length: count }, (_, place) => ({
    type: 'track',
    userId: 'u',
    event: `e${place}`,
    messageId: `m${place}`,
  }))

const names = (events: Record<string, unknown>[]) => events.map(({ event }) => event)

test('pages through all events in stored order', async () => {
  const server = await startHere()
  await server.post('/ingest/v1/batch', { batch: numbered(7) })
  await server.processed()
  const first = await server.list('/api/v1/events?limit=3')
  expect(names(first.events)).toEqual(['e0', 'e1', 'e2'])
  expect(first.next).toBe(first.cursor)
  const second = await server.list(`/api/v1/events?limit=3&after=${first.next}`)
  expect(names(second.events)).toEqual(['e3', 'e4', 'e5'])
  const last = await server.list(`/api/v1/events?limit=3&after=${second.next}`)
  expect(names(last.events)).toEqual(['e6'])
  expect(last.next).toBeNull()
})

test('the cursor is where a reader that polls goes on', async () => {
  const server = await startHere()
  expect(await server.list('/api/v1/events')).toEqual({ events: [], next: null, cursor: null })
  await server.post('/ingest/v1/batch', { batch: numbered(2) })
  await server.processed()
  const { cursor } = await server.list('/api/v1/events')
  expect(await server.list(`/api/v1/events?after=${cursor}`)).toEqual({ events: [], next: null, cursor })
  await server.post('/ingest/v1/batch', { batch: [{ type: 'page', userId: 'new' }] })
  await server.processed()
  const { events } = await server.list(`/api/v1/events?after=${cursor}`)
  expect(events).toMatchObject([{ userId: 'new' }])
})

test('desc begins with the newest and goes back', async () => {
  const server = await startHere()
  await server.post('/ingest/v1/batch', { batch: numbered(5) })
  await server.processed()
  const first = await server.list('/api/v1/events?order=desc&limit=2')
  expect(names(first.events)).toEqual(['e4', 'e3'])
  const second = await server.list(`/api/v1/events?order=desc&limit=10&after=${first.next}`)
  expect(names(second.events)).toEqual(['e2', 'e1', 'e0'])
  expect(second.next).toBeNull()
})

test('gives 100 at once if not told otherwise, and 1000 at most', async () => {
  const server = await startHere()
  await server.post('/ingest/v1/batch', { batch: numbered(1001) })
  await server.processed()
  expect((await server.list('/api/v1/events')).events).toHaveLength(100)
  expect((await server.list('/api/v1/events?limit=1000')).events).toHaveLength(1000)
})

test('finds events by what they are', async () => {
  const server = await startHere()
  const batch = [
    { type: 'track', userId: 'u1', event: 'Signed Up', messageId: 'm1' },
    { type: 'track', userId: 'u2', anonymousId: 'a', event: 'Signed Up', messageId: 'm2' },
    { type: 'page', anonymousId: 'a', messageId: 'm3' },
  ]
  await server.post('/ingest/v1/batch', { batch })
  await server.processed()
  const found = async (query: string) =>
    (await server.list(`/api/v1/events?${query}`)).events.map(({ messageId }) => messageId)
  expect(await found('userId=u1')).toEqual(['m1'])
  expect(await found('anonymousId=a')).toEqual(['m2', 'm3'])
  expect(await found('event=Signed+Up')).toEqual(['m1', 'm2'])
  expect(await found('event=Signed+Up&anonymousId=a')).toEqual(['m2'])
  expect(await found('type=page')).toEqual(['m3'])
  expect(await found('source=http')).toEqual(['m1', 'm2', 'm3'])
  expect(await found('source=segment')).toEqual([])
  expect(await found('messageId=m3')).toEqual(['m3'])
  expect(await found('messageId=m3&type=track')).toEqual([])
  expect(await found('messageId=none')).toEqual([])
  expect(await found('userId=&limit=1')).toEqual(['m1'])
})

const BAD: [query: string, sentence: RegExp][] = [
  ['limit=0', /`limit` must be a number from 1 to 1000; it is "0"\./],
  ['limit=1001', /`limit` must be/],
  ['limit=ten', /`limit` must be/],
  ['after=abc', /`after` must be a `next` or `cursor` of an earlier answer; it is "abc"\./],
  ['after=-1', /`after` must be/],
  ['order=up', /`order` must be `asc` or `desc`; it is "up"\./],
  ['type=Track', /`type` must be one of identify, track, page, screen, group, alias; it is "Track"\./],
  ['source=Segment', /`source` must be one of http, segment, .*, signalsmith; it is "Segment"\./],
  ['userid=u', /`userid` is not known here: .*userId/],
  ['userId=a&userId=b', /`userId` must be there once\./],
]

test('names the parameter that is wrong', async () => {
  const server = await startHere()
  for (const [query, sentence] of BAD) {
    const response = await server.get(`/api/v1/events?${query}`)
    expect(response.status, query).toBe(400)
    expect(await response.json()).toEqual({
      error: { code: 'invalid_parameter', message: expect.stringMatching(sentence) },
    })
  }
})

test('a path without parameters says that it takes none', async () => {
  const server = await startHere()
  const response = await server.get('/api/v1/losses?limit=1')
  expect(response.status).toBe(400)
  expect(await response.json()).toEqual({
    error: { code: 'invalid_parameter', message: '`limit` is not known here: there are no parameters.' },
  })
})

test('pages through what was rejected', async () => {
  const server = await startHere()
  await server.post('/ingest/v1/batch', { batch: [1, 2, { type: 'track', userId: 'u', messageId: 'm' }] })
  await server.processed()
  const { rejected, next } = await server.list('/api/v1/rejected?limit=2')
  expect(rejected).toMatchObject([
    { source: 'http', status: null, code: 'invalid_event', index: 0, messageId: null, body: '1' },
    { index: 1, body: '2' },
  ])
  expect(new Date(rejected[0]!.receivedAt as string).toISOString()).toBe(rejected[0]!.receivedAt)
  const last = await server.list(`/api/v1/rejected?limit=2&after=${next}`)
  expect(last).toMatchObject({
    rejected: [
      { code: 'missing_event', index: 2, messageId: 'm', body: '{"type":"track","userId":"u","messageId":"m"}' },
    ],
    next: null,
  })
})

test('an unknown path is answered with JSON', async () => {
  const server = await startHere()
  const response = await server.get('/api/v1/nothing?a=1')
  expect(response.status).toBe(404)
  expect(await response.json()).toEqual({
    error: { code: 'not_found', message: 'There is no GET /api/v1/nothing here.' },
  })
})

test('a path that takes another method says which', async () => {
  const server = await startHere()
  for (const [method, path, allowed] of [
    ['GET', '/ingest/v1/batch', 'POST'],
    ['PUT', '/api/v1/s2s/event/?token=x', 'POST'],
    ['POST', '/v1/contacts', 'DELETE, PUT'],
    ['DELETE', '/api/v1/events', 'GET, HEAD, POST'],
    ['POST', '/health', 'GET, HEAD'],
  ] as const) {
    const response = await fetch(server.url + path, { method })
    expect([response.status, path]).toEqual([405, path])
    expect(response.headers.get('allow')).toBe(allowed)
    const message = `${path.replace(/\?.*/, '')} takes ${allowed}, and not ${method}.`
    expect(await response.json()).toEqual({ error: { code: 'method_not_allowed', message } })
  }
})

test('a workspace reads only its own', async () => {
  const config = join(temporaryFolder(), 'config.json')
  const workspaces = ['one', 'two'].map((name) => ({
    name,
    writeKeys: [`wk_${name}`],
    adminTokens: [`token-of-workspace-${name}`],
  }))
  writeFileSync(config, JSON.stringify({ workspaces }))
  const { url } = await startProcess({ AIRHOP_CONFIG: config })
  const server = client(url)
  const sameId = { type: 'track', userId: 'u', event: 'e', messageId: 'same' }
  for (const { writeKeys } of workspaces) {
    const headers = { 'x-write-key': writeKeys[0]! }
    await server.post('/ingest/v1/batch', { batch: [sameId, { ...sameId, messageId: writeKeys[0] }, 7] }, headers)
  }
  await server.post('/ingest/v1/batch', {}, { 'x-write-key': 'wk_three' })
  await server.processed()
  for (const { writeKeys, adminTokens } of workspaces) {
    const read = async (path: string) => (await (await server.get(path, adminTokens[0])).json()) as never
    const { events } = (await read('/api/v1/events')) as { events: Record<string, unknown>[] }
    expect(events.map(({ messageId }) => messageId)).toEqual(['same', writeKeys[0]])
    const { rejected } = (await read('/api/v1/rejected')) as { rejected: Record<string, unknown>[] }
    expect(rejected).toMatchObject([{ body: '7' }])
  }
})

test('health says when the last event was stored', async () => {
  const server = await startHere()
  expect(await server.health()).toMatchObject({
    status: 'ok',
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    lastStoredAt: null,
    lag: { entries: 0, bytes: 0 },
    log: { survives: 'power' },
  })
  const beforeMs = Date.now()
  await server.post('/ingest/v1/batch', { batch: numbered(1) })
  await server.processed()
  const { lastStoredAt } = await server.health()
  expect(Date.parse(lastStoredAt!)).toBeGreaterThanOrEqual(beforeMs)
})

test('the live page may load nothing that is not of the server', async () => {
  const server = await startHere()
  const response = await fetch(`${server.url}/`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain('text/html')
  expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/)
  const outside = await fetch(`${server.url}/web/..%2fpackage.json`)
  expect(outside.status).not.toBe(200)
})
