import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { startHere, WRITE_KEY } from './server-under-test.ts'

test('an event is shown with its raw call, its envelope, and when it was stored', async () => {
  const server = await startHere()
  const call = { type: 'track', event: 'e', messageId: 'm/1 ?', timestamp: '2026-01-01T00:00:00Z', extra: 1 }
  const other = { type: 'page', messageId: 'p' }
  const envelope = { anonymousId: 'a', context: { locale: 'de' }, sentAt: '2026-01-01T00:00:01Z' }
  const body = gzipSync(JSON.stringify({ writeKey: WRITE_KEY, ...envelope, batch: [other, call] }))
  await server.post('/ingest/v1/batch', body, {})
  await server.processed()

  const answer = (await (await server.get(`/api/v1/inspect?messageId=${encodeURIComponent('m/1 ?')}`)).json()) as any
  expect(answer.event).toMatchObject({ event: 'e', messageId: 'm/1 ?', anonymousId: 'a' })
  expect(Date.parse(answer.storedAt)).toBeGreaterThanOrEqual(Date.parse(answer.event.receivedAt))
  expect(answer.duplicates).toEqual({ count: 0, lastAt: null })
  expect(answer.request).toMatchObject({
    source: 'http',
    door: 'batch',
    events: 2,
    place: 1,
    receivedBytes: body.length,
  })
  expect(JSON.parse(answer.request.call)).toEqual(call)
  expect(JSON.parse(answer.request.envelope)).toEqual({ writeKey: WRITE_KEY, ...envelope })
})

test('an event of another product is shown as that product sent it', async () => {
  const server = await startHere()
  const sent = {
    event: 'signed_up',
    distinct_id: 'd',
    uuid: '0199aaaa-0000-7000-8000-000000000001',
    properties: { $os: 'Mac' },
  }
  await server.post('/ingest/v1/posthog/batch', { api_key: WRITE_KEY, batch: [sent] })
  const [stored] = await server.stored()
  const { request } = (await (
    await server.get(`/api/v1/inspect?messageId=${encodeURIComponent(String(stored!.messageId))}`)
  ).json()) as any
  expect(JSON.parse(request.call)).toEqual(sent)
})

test('a number beyond 2^53 is shown as it came, beside what was made of it', async () => {
  const server = await startHere()
  const call =
    '{"type":"track","event":"e","userId":"u","messageId":"m","properties":{"order":12345678901234567890,"price":1.50}}'
  await server.post('/ingest/v1/batch', `{"writeKey":"${WRITE_KEY}","batch":[${call}]}`, {})
  await server.processed()
  const { request } = (await (await server.get('/api/v1/inspect?messageId=m')).json()) as any
  expect(request.call).toContain('12345678901234567890')
})

test('an id that is not known is said so', async () => {
  const server = await startHere()
  expect((await server.get('/api/v1/inspect?messageId=x')).status).toBe(404)
  expect((await server.get('/api/v1/inspect')).status).toBe(400)
})

test('what was refused is grouped by its reason, with the newest examples', async () => {
  const server = await startHere()
  const good = { type: 'track', userId: 'u', event: 'e' }
  const bad = (messageId: string) => ({ type: 'track', userId: 'u', messageId })
  await server.post('/ingest/v1/batch', { batch: [good, ...['1', '2', '3', '4', '5', '6', '7'].map(bad)] })
  await server.post('/ingest/v1/track', good, { 'x-write-key': 'wk_other' })
  await server.processed()
  const { refusals, notRecorded } = (await (await server.get('/api/v1/refusals')).json()) as any
  expect(notRecorded).toBe(0)
  expect(refusals.map(({ code, count }: any) => [code, count])).toEqual([
    ['invalid_write_key', 1],
    ['missing_event', 7],
  ])
  expect(refusals[1].examples.map(({ messageId }: any) => messageId)).toEqual(['7', '6', '5', '4', '3'])
  expect(refusals[0].examples[0]).toMatchObject({ status: 401, body: JSON.stringify(good) })
})
