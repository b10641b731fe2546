import { expect, test } from 'vitest'
import { ADMIN_TOKEN, listen, startHere, until, WRITE_KEY } from './server-under-test.ts'

const track = (event: string, more: object = {}) => ({ type: 'track', userId: 'u', event, ...more })
const names = (messages: { data: any }[]) => messages.map(({ data }) => data.event.event)

test('an event is told as soon as it is stored, with when that was', async () => {
  const server = await startHere()
  const live = await listen(`${server.url}/api/v1/live`)
  expect(live.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  await server.post('/ingest/v1/batch', { batch: [track('first', { messageId: 'm1' })] })
  const message = await live.next()
  const toldAtMs = Date.now()
  expect(message).toMatchObject({
    event: 'event',
    id: '1-0',
    data: { id: 1, event: { event: 'first', messageId: 'm1' } },
  })
  expect(toldAtMs - Date.parse(message.data.storedAt)).toBeLessThan(500)
})

test('what is rejected and refused is told too, with the reason', async () => {
  const server = await startHere()
  const live = await listen(`${server.url}/api/v1/live`)
  await server.post('/ingest/v1/batch', { batch: [{ type: 'track', userId: 'u', messageId: 'bad' }] })
  expect(await live.next()).toMatchObject({ event: 'rejected', data: { code: 'missing_event', messageId: 'bad' } })
  await server.post('/ingest/v1/track', track('e'), { 'x-write-key': 'pk_widget' })
  expect(await live.next()).toMatchObject({ event: 'rejected', data: { code: 'invalid_write_key', status: 401 } })
})

test('who comes again with the last id gets what he missed, once and in order', async () => {
  const server = await startHere()
  const live = await listen(`${server.url}/api/v1/live`)
  await server.post('/ingest/v1/batch', { batch: [track('a'), track('b')] })
  const { id } = (await live.take(2)).at(-1)!
  live.close()

  await server.post('/ingest/v1/batch', { batch: [track('c'), { type: 'track' }, track('d')] })
  await server.processed()
  const again = await listen(`${server.url}/api/v1/live`, { 'last-event-id': id })
  const missed = await again.take(3)
  expect(missed.map(({ event }) => event)).toEqual(['rejected', 'event', 'event'])
  expect(names(missed.slice(1))).toEqual(['c', 'd'])
  again.close()

  const byParameter = await listen(`${server.url}/api/v1/live?after=${missed[1]!.id}`)
  expect(names(await byParameter.take(1))).toEqual(['d'])
})

test('a past can be asked for, and the filters hold for it and for what comes', async () => {
  const server = await startHere()
  const page = { type: 'page', anonymousId: 'anon' }
  await server.post('/ingest/v1/batch', { batch: [track('a'), page, track('b'), { type: 'track' }, page] })
  await server.processed()

  const last = await listen(`${server.url}/api/v1/live?last=2`)
  const [rejected, ...events] = await last.take(3)
  expect(rejected!.event).toBe('rejected')
  expect(names(events)).toEqual(['b', undefined])

  const filtered = await listen(`${server.url}/api/v1/live?last=10&type=track&who=u`)
  const byBrowser = await listen(`${server.url}/api/v1/live?last=10&who=anon`)
  expect(names(await filtered.take(2))).toEqual(['a', 'b'])
  expect((await byBrowser.take(2)).map(({ data }) => data.event.type)).toEqual(['page', 'page'])
  await server.post('/ingest/v1/batch', { batch: [page, { type: 'track' }, track('c')] })
  expect(names(await filtered.take(1))).toEqual(['c'])
  expect((await byBrowser.next()).data.event.type).toBe('page')
})

test('a reader that does not read costs no memory, and gets all of it in order when it does', async () => {
  const server = await startHere()
  const live = await listen(`${server.url}/api/v1/live`)
  const filler = 'x'.repeat(8000)
  const batch = (from: number) => ({
    batch: Array.from({ length: 200 }, (_, at) => track(`e${from + at}`, { properties: { filler } })),
  })
  for (let from = 0; from < 6000; from += 200) await server.post('/ingest/v1/batch', batch(from))
  await server.processed()
  // 48 MB lie in the store: what the sockets do not hold stays there.
  const before = process.memoryUsage()
  expect(before.external + before.arrayBuffers).toBeLessThan(150_000_000)
  const all = await live.take(6000)
  expect(names(all)).toEqual(Array.from({ length: 6000 }, (_, at) => `e${at}`))
})

test('the stream needs the admin token, and says what is wrong with a parameter', async () => {
  const server = await startHere()
  expect((await server.get('/api/v1/live', WRITE_KEY)).status).toBe(401)
  for (const query of ['last=1001', 'last=-1', 'after=x', 'typ=track', 'type=click']) {
    const answer = await server.get(`/api/v1/live?${query}`)
    expect([query, answer.status]).toEqual([query, 400])
  }
  const header = { authorization: `Bearer ${ADMIN_TOKEN}`, 'last-event-id': '12' }
  const answer = await fetch(`${server.url}/api/v1/live`, { headers: header })
  expect(((await answer.json()) as any).error.message).toBe(
    '`Last-Event-ID` must be an id of this stream, such as 12-3; it is "12".',
  )
})

test('at most a hundred streams are open, and a place is free when one goes', async () => {
  const server = await startHere()
  const readers = await Promise.all(Array.from({ length: 100 }, () => listen(`${server.url}/api/v1/live`)))
  const refused = await server.get('/api/v1/live')
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5'])
  readers[0]!.close()
  await until(async () => {
    const answer = await server.get('/api/v1/live')
    void answer.body?.cancel()
    return answer.status === 200
  })
})

test('the server stops although streams are open', async () => {
  const server = await startHere()
  const live = await listen(`${server.url}/api/v1/live`)
  const started = performance.now()
  await server.close()
  expect(performance.now() - started).toBeLessThan(4000)
  await expect(live.next()).rejects.toThrow()
})
