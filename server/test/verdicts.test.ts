import { expect, test } from 'vitest'
import type { RefusalCode } from '../src/errors.ts'
import { startHere } from './server-under-test.ts'

type EventCode = Exclude<
  RefusalCode,
  | 'malformed_json'
  | 'invalid_batch'
  | 'batch_too_large'
  | 'invalid_parameter'
  | 'invalid_request'
  | 'missing_write_key'
  | 'invalid_write_key'
  | 'missing_token'
  | 'invalid_token'
  | 'missing_api_key'
  | 'invalid_api_key'
  | 'missing_signature'
  | 'invalid_signature'
  | 'invalid_auth_hash'
  | 'forbidden_scope'
  | 'expired_session'
  | 'cross_site'
  | 'unknown_message'
  | 'too_many_readers'
  | 'not_found'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'rate_limited'
  | 'internal_error'
  | 'unavailable'
  | 'not_built'
  // Of single sources only: sources.test.ts.
  | 'invalid_email'
  | 'invalid_distinct_id'
  | 'invalid_notification'
  | 'data_update_not_allowed'
  | 'missing_customer_data'
  | 'origin_not_allowed'
  // By the rules of a workspace: see rules.test.ts, identity.test.ts, contract.test.ts.
  | 'type_not_allowed'
  | 'invalid_identity_signature'
  | 'unverified_identity'
  | 'contract_violation'
  | 'contract_quarantined'
  | 'not_merged'
  | 'order_waits'
  | 'unknown_account'
  | 'unknown_profile'
>

const long = (chars: number) => 'x'.repeat(chars)
const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
const track = { type: 'track', userId: 'u', event: 'e' }
const LARGE = { ...track, properties: { text: long(40_000) } }
const LARGE_IN_UTF8 = { ...track, properties: { text: 'é'.repeat(17_000) } }

/** Calls of a batch that are refused, with the sentence; the types see to it that no code is left out. */
const CAUSES: Record<Exclude<EventCode, 'type_mismatch'>, [call: unknown, sentence: string | RegExp][]> = {
  invalid_event: [
    [null, 'A call must be a JSON object; it is null.'],
    [[track], 'A call must be a JSON object; it is an array.'],
    ['track', 'A call must be a JSON object; it is "track".'],
    [7, 'A call must be a JSON object; it is 7.'],
    [{ ...track, properties: { a: nested(255) } }, 'A call must be nested at most 256 levels deep; it is deeper.'],
  ],
  missing_type: [
    [{ userId: 'u', event: 'e' }, /`type` is required: one of `identify`, `track`/],
    [{ ...track, type: ' ' }, /`type` is required/],
  ],
  unknown_type: [
    [{ ...track, type: 'Track' }, /`type` must be one of .*; it is "Track"\./],
    [{ ...track, type: ['track'] }, /; it is an array\./],
  ],
  missing_identity: [
    [{ type: 'track', event: 'e' }, /`userId` or `anonymousId` is required/],
    [{ type: 'track', event: 'e', userId: null, anonymousId: ' ' }, /`userId` or `anonymousId` is required/],
    [{ type: 'identify', traits: { a: 1 } }, /`userId` or `anonymousId` is required/],
    [{ type: 'group', groupId: 'g' }, /`userId` or `anonymousId` is required/],
  ],
  missing_event: [
    [{ ...track, event: undefined }, '`event` is required: the name of what happened.'],
    [{ ...track, event: '  ' }, '`event` is required: the name of what happened.'],
  ],
  invalid_event_name: [[{ ...track, event: { a: 1 } }, '`event` must be a string; it is an object.']],
  missing_group_id: [[{ type: 'group', userId: 'u', groupId: '' }, /`groupId` is required/]],
  missing_user_id: [[{ type: 'alias', anonymousId: 'a', previousId: 'p' }, /`userId` is required/]],
  missing_previous_id: [[{ type: 'alias', userId: 'u' }, /`previousId` is required/]],
  invalid_user_id: [
    [{ ...track, userId: long(600) }, '`userId` must be a string of at most 512 characters, or a number; it has 600.'],
    [{ ...track, userId: {} }, /`userId` .*; it is an object\./],
    [{ ...track, userId: true }, /`userId` .*; it is true\./],
  ],
  invalid_anonymous_id: [
    [{ ...track, anonymousId: long(513) }, /`anonymousId` must .* 512 characters.*; it has 513\./],
  ],
  invalid_group_id: [
    [{ type: 'group', userId: 'u', groupId: ['g'] }, /`groupId` .*; it is an array\./],
    [{ type: 'group', userId: 'u', groupId: long(513) }, /`groupId` .*; it has 513\./],
  ],
  invalid_previous_id: [[{ type: 'alias', userId: 'u', previousId: false }, /`previousId` .*; it is false\./]],
  invalid_message_id: [
    [{ ...track, messageId: long(256) }, '`messageId` must be a string of at most 255 characters; it has 256.'],
    [{ ...track, messageId: 5 }, /`messageId` .*; it is 5\./],
  ],
  invalid_properties: [
    [{ ...track, properties: [] }, '`properties` must be a JSON object; it is an array.'],
    [{ type: 'page', userId: 'u', properties: 'p' }, '`properties` must be a JSON object; it is "p".'],
  ],
  invalid_traits: [
    [{ type: 'identify', userId: 'u', traits: 1 }, '`traits` must be a JSON object; it is 1.'],
    [{ type: 'group', userId: 'u', groupId: 'g', traits: [] }, '`traits` must be a JSON object; it is an array.'],
  ],
  invalid_context: [[{ ...track, context: 'c' }, '`context` must be a JSON object; it is "c".']],
  event_too_large: [
    [LARGE, `An event must be at most 32768 bytes of JSON; it has ${Buffer.byteLength(JSON.stringify(LARGE))}.`],
    [LARGE_IN_UTF8, `An event must be at most 32768 bytes of JSON; it has ${17_000 * 2 + 66}.`],
  ],
}

for (const [code, causes] of Object.entries(CAUSES)) {
  test(`${code} costs only the event that it is about`, async () => {
    const server = await startHere()
    const good = { ...track, messageId: 'good' }
    const batch = [good, ...causes.map(([call]) => call)]
    const response = await server.post('/ingest/v1/batch', { batch })
    expect(response.status).toBe(200)
    const answer = (await response.json()) as { errors: object[] }
    expect(answer).toMatchObject({ received: batch.length, accepted: 1, rejected: causes.length })
    expect(answer.errors).toEqual(
      causes.map(([, sentence], at) => ({
        index: at + 1,
        messageId: null,
        code,
        message: typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
      })),
    )
    expect((await server.stored()).map(({ messageId }) => messageId)).toEqual(['good'])
    expect(await server.rejected()).toEqual(
      answer.errors.map((error) => expect.objectContaining({ ...error, status: null })),
    )
  })

  test(`${code} is the answer where one call is sent`, async () => {
    const server = await startHere()
    for (const [call, sentence] of causes) {
      const type = (call as { type?: string } | null)?.type
      if (code.endsWith('_type') || typeof type !== 'string') continue
      const response = await server.post(`/ingest/v1/${type}`, call)
      expect(response.status).toBe(400)
      const message = typeof sentence === 'string' ? sentence : expect.stringMatching(sentence)
      expect(await response.json()).toEqual({ error: { code, message } })
    }
  })
}

test('a typed endpoint takes its own type or none', async () => {
  const server = await startHere()
  expect((await server.post('/ingest/v1/track', { userId: 'u', event: 'e', type: null })).status).toBe(200)
  expect((await server.post('/ingest/v1/t/', { ...track })).status).toBe(200)
  const response = await server.post('/ingest/v1/page', track)
  expect(response.status).toBe(400)
  expect(await response.json()).toEqual({
    error: { code: 'type_mismatch', message: '`type` must be `page` or left out at this endpoint; it is "track".' },
  })
})

test('a batch of nothing but bad events is answered per event too', async () => {
  const server = await startHere()
  const response = await server.post('/ingest/v1/batch', { batch: [1, { ...track, messageId: 'm', event: 2 }] })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    received: 2,
    accepted: 0,
    duplicates: 0,
    rejected: 2,
    errors: [
      { index: 0, messageId: null, code: 'invalid_event' },
      { index: 1, messageId: 'm', code: 'invalid_event_name' },
    ],
  })
})

test('errors are omitted when there are none', async () => {
  const server = await startHere()
  const response = await server.post('/ingest/v1/batch', { batch: [track] })
  expect(await response.json()).toEqual({ received: 1, accepted: 1, duplicates: 0, rejected: 0 })
})

test('the index counts over all envelopes', async () => {
  const server = await startHere()
  const envelopes = [{ batch: [track, 1] }, track, { batch: [] }, { batch: [track, 2] }]
  const response = await server.post('/ingest/v1/batch', envelopes)
  expect(await response.json()).toMatchObject({ received: 5, accepted: 3, errors: [{ index: 1 }, { index: 4 }] })
})

const MALFORMED: [body: string, code: string, sentence: RegExp][] = [
  ['', 'malformed_json', /it is empty/],
  ['{"batch":[', 'malformed_json', /The body must be JSON: /],
  ['{"batch":[]} // no', 'malformed_json', /The body must be JSON: /],
  ['{}', 'invalid_batch', /`batch` must be an array of calls; it is absent\./],
  ['{"batch":{}}', 'invalid_batch', /`batch` must be an array of calls; it is an object\./],
  ['[{"batch":null}]', 'invalid_batch', /`batch` must be an array of calls; it is null\./],
  ['7', 'invalid_batch', /The body must be an object with `batch`, or an array; it is 7\./],
]

for (const [body, code, sentence] of MALFORMED) {
  test(`the body ${JSON.stringify(body)} is refused with ${code}`, async () => {
    const server = await startHere()
    const response = await server.post('/ingest/v1/batch', body)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: { code, message: expect.stringMatching(sentence) } })
  })
}

test('what is refused as a whole can be read, with the first part of the body', async () => {
  const server = await startHere()
  await server.post('/ingest/v1/batch', `{"a":"${long(3000)}"`)
  await server.post('/ingest/v1/track', track, {})
  await server.post('/ingest/v1/track', { userId: 'u' })
  await expect.poll(server.rejected).toMatchObject([
    { status: 400, code: 'malformed_json', index: null, body: `{"a":"${long(1018)}` },
    { status: 401, code: 'missing_write_key', body: JSON.stringify(track) },
    { status: 400, code: 'missing_event', body: '{"userId":"u"}' },
  ])
})
