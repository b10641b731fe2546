import { expect, test } from 'vitest'
import { ADMIN_TOKEN, startHere, WRITE_KEY } from './server-under-test.ts'

const EVENT = { userId: 'u', event: 'e' }
const base64 = (text: string) => Buffer.from(text).toString('base64')

interface Answer {
  received?: number
  error?: { code: string; message: string }
}

const accepted: [title: string, headers: Record<string, string>, query: string, body: object][] = [
  ['a bearer token', { authorization: `Bearer ${WRITE_KEY}` }, '', EVENT],
  ['a bearer token in any case of the scheme', { authorization: `bearer ${WRITE_KEY}` }, '', EVENT],
  ['the user of Basic', { authorization: `Basic ${base64(`${WRITE_KEY}:`)}` }, '', EVENT],
  ['the user of Basic without a colon', { authorization: `Basic ${base64(WRITE_KEY)}` }, '', EVENT],
  ['X-Write-Key', { 'x-write-key': WRITE_KEY }, '', EVENT],
  ['the query', {}, `?writeKey=${WRITE_KEY}`, EVENT],
  ['the body', {}, '', { ...EVENT, writeKey: WRITE_KEY }],
  ['a header, whatever the body says', { 'x-write-key': WRITE_KEY }, '', { ...EVENT, writeKey: 'wk_other:***' }],
  ['a scheme that is none of ours, and the query', { authorization: 'Digest x' }, `?writeKey=${WRITE_KEY}`, EVENT],
]

test('takes the write key from every place where clients put it', async () => {
  const server = await startHere()
  for (const [title, headers, query, body] of accepted) {
    const response = await server.post(`/ingest/v1/track${query}`, body, headers)
    expect(response.status, title).toBe(200)
  }
  expect(await server.stored()).toHaveLength(accepted.length)
})

test('the first place that holds a key decides, and a wrong one is not rescued by a later one', async () => {
  const server = await startHere()
  const wrong = 'wk_wrong'
  const places: [headers: Record<string, string>, query: string, body: object][] = [
    [{ authorization: `Bearer ${wrong}`, 'x-write-key': WRITE_KEY }, '', EVENT],
    [{ authorization: `Basic ${base64(`${wrong}:`)}` }, `?writeKey=${WRITE_KEY}`, EVENT],
    [{ 'x-write-key': wrong }, `?writeKey=${WRITE_KEY}`, EVENT],
    [{}, `?writeKey=${wrong}`, { ...EVENT, writeKey: WRITE_KEY }],
    [
      {},
      '',
      [
        { batch: [], writeKey: wrong },
        { batch: [], writeKey: WRITE_KEY },
      ],
    ],
  ]
  for (const [headers, query, body] of places) {
    const door = Array.isArray(body) ? 'batch' : 'track'
    const response = await server.post(`/ingest/v1/${door}${query}`, body, headers)
    expect(response.status).toBe(401)
    expect(((await response.json()) as Answer).error?.code).toBe('invalid_write_key')
  }
  expect(await server.stored()).toEqual([])
})

test('an array says its key in its first item', async () => {
  const server = await startHere()
  const envelopes = [{ writeKey: WRITE_KEY, batch: [{ ...EVENT, type: 'track' }] }]
  expect((await server.post('/ingest/v1/batch', envelopes, {})).status).toBe(200)
})

const refused: [title: string, key: string | undefined, code: string, sentence: RegExp][] = [
  ['no key', undefined, 'missing_write_key', /`Authorization: Bearer wk_…`.*`writeKey` in the body/],
  ['an unknown key', 'wk_unknown', 'invalid_write_key', /starts with `wk_` and stands in `keys.json`/],
  ['a widget key', 'pk_widget', 'invalid_write_key', /widget key.*Use the write key: it starts with `wk_` and stands/],
  ['an admin token', ADMIN_TOKEN, 'invalid_write_key', /admin token.*Use the write key: it starts with `wk_`/],
]

for (const [title, key, code, sentence] of refused) {
  test(`says what is wrong with ${title}`, async () => {
    const server = await startHere()
    const response = await server.post('/ingest/v1/track', EVENT, key ? { authorization: `Bearer ${key}` } : {})
    expect(response.status).toBe(401)
    const { error } = (await response.json()) as Answer
    expect(error?.code).toBe(code)
    expect(error?.message).toMatch(sentence)
  })
}

test('a write key reads nothing', async () => {
  const server = await startHere()
  for (const path of ['/api/v1/events', '/api/v1/rejected']) {
    const byWriteKey = await server.get(path, WRITE_KEY)
    expect(byWriteKey.status).toBe(401)
    expect(((await byWriteKey.json()) as Answer).error?.code).toBe('invalid_token')
    const byNobody = await fetch(server.url + path)
    expect(byNobody.status).toBe(401)
    expect(((await byNobody.json()) as Answer).error?.code).toBe('missing_token')
  }
})
