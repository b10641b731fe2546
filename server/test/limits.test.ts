import { request } from 'node:http'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { BATCH_MAX_EVENTS, EVENT_MAX_BYTES, REQUEST_MAX_BYTES } from '../../src/limits.ts'
import { startHere, WRITE_KEY } from './server-under-test.ts'

const KEY = { authorization: `Bearer ${WRITE_KEY}` }
const track = (properties: object) => ({ type: 'track', userId: 'u', event: 'e', properties })
const batch = JSON.stringify({ batch: [track({ a: 1 })] })

const refusal = async (response: Response) => ((await response.json()) as { error: object }).error

test('takes what is just within the limits', async () => {
  const server = await startHere()
  const rest = JSON.stringify(track({ text: '' })).length
  const largest = track({ text: 'x'.repeat(EVENT_MAX_BYTES - rest) })
  const longest = Array(BATCH_MAX_EVENTS).fill(track({}))
  for (const body of [{ batch: [largest] }, { batch: longest }]) {
    const response = await server.post('/ingest/v1/batch', body)
    expect(await response.json()).toMatchObject({ accepted: body.batch.length, rejected: 0 })
  }
  const padded = batch + ' '.repeat(REQUEST_MAX_BYTES - batch.length)
  expect((await server.post('/ingest/v1/batch', padded)).status).toBe(200)
})

test('a body over the limit is refused with its size', async () => {
  const server = await startHere()
  for (const bytes of [REQUEST_MAX_BYTES + 1, 20_000_000]) {
    // Several times: an answer that comes while the body is still being sent would reach some senders only.
    for (let round = 0; round < 5; round += 1) {
      expect((await server.post('/ingest/v1/batch', ' '.repeat(bytes))).status).toBe(413)
    }
    const response = await server.post('/ingest/v1/batch', ' '.repeat(bytes))
    const message = `The body must be at most ${REQUEST_MAX_BYTES} bytes, decompressed; it has ${bytes}.`
    expect(await refusal(response)).toEqual({ code: 'payload_too_large', message })
  }
})

test('a body over the limit that does not say its size is refused as well', async () => {
  const server = await startHere()
  const status = await new Promise((resolve, reject) => {
    const post = request(`${server.url}/ingest/v1/batch`, { method: 'POST', headers: KEY }, ({ statusCode }) => {
      resolve(statusCode)
      post.destroy()
    })
    post.on('error', reject)
    for (let sent = 0; sent <= REQUEST_MAX_BYTES; sent += 65_536) post.write(' '.repeat(65_536))
    post.end()
  })
  expect(status).toBe(413)
})

test('too many events are refused with their number, counted over all envelopes', async () => {
  const server = await startHere()
  for (const body of [
    { batch: Array(2501).fill(0) },
    [{ batch: Array(2000).fill(0) }, { batch: Array(501).fill(0) }],
  ]) {
    const response = await server.post('/ingest/v1/batch', body)
    expect(response.status).toBe(413)
    const message = 'A request must hold at most 2500 events; it has 2501.'
    expect(await refusal(response)).toEqual({ code: 'payload_too_large', message })
  }
})

const compressed: [title: string, body: Buffer, encoding: string | undefined][] = [
  ['gzip', gzipSync(batch), 'gzip'],
  ['gzip without a header', gzipSync(batch), undefined],
  ['gzip under a wrong header', gzipSync(batch), 'br'],
  ['deflate', deflateSync(batch), 'deflate'],
  ['deflate without its frame', deflateRawSync(batch), 'deflate'],
  ['brotli', brotliCompressSync(batch), 'br'],
  ['zstd', zstdCompressSync(batch), 'zstd'],
  ['a byte order mark', Buffer.from(`\ufeff${batch}`), undefined],
  ['the encoding identity', Buffer.from(batch), 'identity'],
]

test('takes what is compressed', async () => {
  const server = await startHere()
  for (const [title, body, encoding] of compressed) {
    const headers = { ...KEY, 'content-type': 'text/plain', ...(encoding && { 'content-encoding': encoding }) }
    expect((await server.post('/ingest/v1/batch', body, headers)).status, title).toBe(200)
  }
  expect(await server.stored()).toHaveLength(compressed.length)
})

test('a small body that becomes a large one is refused', async () => {
  const server = await startHere()
  const large = Buffer.alloc(200 * 1024 * 1024, ' ')
  for (const [body, encoding] of [
    [gzipSync(large), 'gzip'],
    [brotliCompressSync(large.subarray(0, 20_000_000)), 'br'],
    [zstdCompressSync(large.subarray(0, 20_000_000)), 'zstd'],
  ] as const) {
    const response = await server.post('/ingest/v1/batch', body, { ...KEY, 'content-encoding': encoding })
    expect(response.status).toBe(413)
    expect(await refusal(response)).toMatchObject({ code: 'payload_too_large' })
  }
})

test('what cannot be decompressed is refused with the reason', async () => {
  const server = await startHere()
  const broken = gzipSync(batch).subarray(0, 40)
  const response = await server.post('/ingest/v1/batch', broken, { ...KEY, 'content-encoding': 'gzip' })
  expect(response.status).toBe(400)
  const message = 'The body must be JSON: it cannot be decompressed (unexpected end of file).'
  expect(await refusal(response)).toEqual({ code: 'malformed_json', message })
})

test('4 MiB of brackets break nothing', async () => {
  const server = await startHere()
  const levels = REQUEST_MAX_BYTES / 2 - 100
  const open = '['.repeat(levels)
  const deep = open + ']'.repeat(levels)
  const answers = [
    await server.post('/ingest/v1/batch', '['.repeat(REQUEST_MAX_BYTES)),
    await server.post('/ingest/v1/batch', deep),
    await server.post('/ingest/v1/track', deep),
    await server.post(
      '/ingest/v1/batch',
      `{"batch":[{"type":"track","userId":"u","event":"e","properties":{"a":${deep}}}]}`,
    ),
    await server.post('/ingest/v1/batch', `{"context":{"a":${deep}},"batch":[${JSON.stringify(track({}))}]}`),
    await server.post('/ingest/v1/batch', `{"batch":[{"type":"track","userId":"u","event":"e","sentAt":${deep}}]}`),
  ]
  expect(answers.map(({ status }) => status)).toEqual([400, 200, 400, 200, 400, 200])
  expect((await server.post('/ingest/v1/batch', batch)).status).toBe(200)
  expect(await server.stored()).toHaveLength(1)
  expect((await server.health()).worker).toEqual({ state: 'running', restarts: 0 })
  // Seconds of work, and twenty times that where others work too.
}, 120_000)

test('what an envelope adds to every event is bound like an event', async () => {
  const server = await startHere()
  const response = await server.post('/ingest/v1/batch', { context: { a: 'x'.repeat(40_000) }, batch: [track({})] })
  expect(response.status).toBe(400)
  expect(await refusal(response)).toEqual({
    code: 'invalid_batch',
    message:
      '`context` of an envelope must be at most 32768 bytes of JSON, nested at most 256 levels deep; it has 40008.',
  })
})

test('megabytes of blanks or digits in an envelope are not read again for each of its events', async () => {
  const server = await startHere()
  const calls = Array(BATCH_MAX_EVENTS).fill({ type: 'page', anonymousId: 'a' })
  const long = 3_500_000
  const startedMs = performance.now()
  const blank = await server.post('/ingest/v1/batch', { userId: ' '.repeat(long), batch: calls })
  expect(await blank.json()).toMatchObject({
    accepted: 0,
    errors: Array(BATCH_MAX_EVENTS).fill({ code: 'invalid_user_id', message: expect.stringContaining(`has ${long}`) }),
  })
  const digits = await server.post('/ingest/v1/batch', { sentAt: '1'.repeat(long), batch: calls })
  expect(await digits.json()).toMatchObject({ accepted: BATCH_MAX_EVENTS })
  expect(await server.stored()).toHaveLength(BATCH_MAX_EVENTS)
  expect(performance.now() - startedMs).toBeLessThan(20_000)
}, 60_000)

test('keys like __proto__ are data', async () => {
  const server = await startHere()
  const bag = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
  const body = `{"context":${bag},"__proto__":{"userId":"x"},"batch":[{"type":"track","anonymousId":"a","event":"e","properties":${bag},"context":{"__proto__":2}}]}`
  await server.post('/ingest/v1/batch', body)
  const [event] = await server.stored()
  expect(event!.userId).toBeNull()
  expect(JSON.stringify(event!.properties)).toBe(bag)
  expect(JSON.stringify(event!.context)).toBe('{"__proto__":2,"constructor":{"prototype":{"polluted":1}}}')
  expect(({} as { polluted?: number }).polluted).toBeUndefined()
})

test('answers what is no HTTP, and paths that cannot be read, in the form of every refusal', async () => {
  const server = await startHere()
  const bad = await fetch(`${server.url}/ingest/v1/%zz`)
  expect(bad.status).toBe(400)
  expect(await refusal(bad)).toMatchObject({ code: 'invalid_request' })
  const headers = { ...KEY, 'x-long': 'x'.repeat(20_000) }
  const long = await server.post('/ingest/v1/batch', batch, headers)
  expect(long.status).toBe(431)
  expect(await refusal(long)).toMatchObject({ code: 'invalid_request' })
})
