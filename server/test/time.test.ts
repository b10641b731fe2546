import { expect, test } from 'vitest'
import { correctClock, parseTime } from '../src/time.ts'
import { startHere } from './server-under-test.ts'

const READABLE: [form: unknown, iso: string][] = [
  ['2026-11-21T01:54:12.864Z', '2026-11-21T01:54:12.864Z'],
  ['2026-11-21T01:54:12Z', '2026-11-21T01:54:12.000Z'],
  ['2026-11-21T01:54Z', '2026-11-21T01:54:00.000Z'],
  ['2026-11-21t01:54:12.8z', '2026-11-21T01:54:12.800Z'],
  ['2026-11-21 01:54:12', '2026-11-21T01:54:12.000Z'],
  ['2026-11-21T01:54:12.504999Z', '2026-11-21T01:54:12.504Z'],
  ['2026-11-21T01:54:12,504999999', '2026-11-21T01:54:12.504Z'],
  ['2026-11-21T01:54:12+05:30', '2026-11-20T20:24:12.000Z'],
  ['2026-11-21T01:54:12-0800', '2026-11-21T09:54:12.000Z'],
  ['2026-11-21 01:54:12 +02', '2026-11-20T23:54:12.000Z'],
  ['2026-11-21', '2026-11-21T00:00:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ['0050-01-01', '0050-01-01T00:00:00.000Z'],
  [1_795_226_052, '2026-11-21T01:54:12.000Z'],
  [1_795_226_052.864, '2026-11-21T01:54:12.864Z'],
  [1_795_226_052_864, '2026-11-21T01:54:12.864Z'],
  [1_795_226_052_864.9, '2026-11-21T01:54:12.864Z'],
  ['1795226052', '2026-11-21T01:54:12.000Z'],
  ['1795226052.864', '2026-11-21T01:54:12.864Z'],
  [' 1795226052864 ', '2026-11-21T01:54:12.864Z'],
  [0, '1970-01-01T00:00:00.000Z'],
  [-86_400, '1969-12-31T00:00:00.000Z'],
]

const UNREADABLE = [
  'yesterday',
  '2026-13-01',
  '2026-02-30',
  '2026-02-30T00:00:00.000Z',
  '2026-11-21T24:00:00Z',
  '2026-11-21T01:60:00Z',
  '2026-11-21T01:54:12+25:00',
  '21.11.2026',
  'Sat, 21 Nov 2026 01:54:12 GMT',
  '+012026-01-01T00:00:00.000Z',
  1e18,
  -1e18,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  true,
  null,
  undefined,
  {},
  ['2026-11-21'],
]

test('reads a time in every form that clients send', () => {
  for (const [form, iso] of READABLE) expect(new Date(parseTime(form) ?? 0).toISOString(), String(form)).toBe(iso)
})

test('every millisecond of a day survives the way by seconds', () => {
  const startMs = Date.UTC(2026, 10, 21)
  for (let ms = startMs; ms < startMs + 86_400_000; ms += 997) expect(parseTime(ms / 1000)).toBe(ms)
})

test('takes nothing else for a time', () => {
  for (const form of UNREADABLE) expect(parseTime(form), String(form)).toBeUndefined()
})

const RECEIVED_MS = Date.parse('2026-11-21T12:00:00.000Z')

function correct(said: {
  timestamp?: unknown
  originalTimestamp?: unknown
  sentAt?: unknown
  envelopeSentAt?: unknown
}) {
  const warnings: string[] = []
  const nothing = { timestamp: undefined, originalTimestamp: undefined, sentAt: undefined, envelopeSentAt: undefined }
  const times = correctClock({ ...nothing, ...said }, RECEIVED_MS, (warning) => warnings.push(warning))
  return { ...times, warnings }
}

test('an event without a time happened when it was received', () => {
  const { timestamp, originalTimestamp, receivedAt } = correct({ sentAt: '2026-11-21T11:00:00Z' })
  expect({ timestamp, originalTimestamp }).toEqual({ timestamp: receivedAt, originalTimestamp: null })
})

test('a time without sentAt stands as it is', () => {
  expect(correct({ timestamp: '2020-01-01' }).timestamp).toBe('2020-01-01T00:00:00.000Z')
})

test('sentAt shows how wrong the clock of the sender is', () => {
  const times = correct({ timestamp: '2020-01-01T00:00:00Z', sentAt: '2020-01-01T00:01:00Z' })
  expect(times.timestamp).toBe('2026-11-21T11:59:00.000Z')
  expect(times.originalTimestamp).toBe('2020-01-01T00:00:00.000Z')
  expect(times.sentAt).toBe('2020-01-01T00:01:00.000Z')
})

test('originalTimestamp comes before timestamp, and the call before its envelope', () => {
  const times = correct({
    originalTimestamp: '2026-11-21T10:00:00Z',
    timestamp: '2020-01-01',
    sentAt: '2026-11-21T10:00:30Z',
    envelopeSentAt: '2020-01-01',
  })
  expect(times.timestamp).toBe('2026-11-21T11:59:30.000Z')
})

test('a time that cannot be read counts as absent, with a warning', () => {
  const times = correct({ originalTimestamp: 'soon', timestamp: '2026-11-21T10:00:00Z', sentAt: {} })
  expect(times.timestamp).toBe('2026-11-21T10:00:00.000Z')
  expect(times.sentAt).toBeNull()
  expect(times.warnings).toEqual([
    '`originalTimestamp` is not a time and was not used: "soon"',
    '`sentAt` is not a time and was not used: {}',
  ])
})

test('more than a day ahead is a wrong clock', () => {
  expect(correct({ timestamp: '2026-11-22T12:00:00.000Z' }).timestamp).toBe('2026-11-22T12:00:00.000Z')
  const ahead = correct({ timestamp: '2026-11-22T12:00:00.001Z' })
  expect(ahead.timestamp).toBe(ahead.receivedAt)
  expect(ahead.originalTimestamp).toBe('2026-11-22T12:00:00.001Z')
  expect(ahead.warnings).toHaveLength(1)
})

test('a correction that leads out of the calendar is not made', () => {
  const times = correct({ timestamp: '0001-01-01', sentAt: '9999-01-01' })
  expect(times.timestamp).toBe(times.receivedAt)
})

test('the warning stands in the event', async () => {
  const server = await startHere()
  await server.post('/ingest/v1/page', { anonymousId: 'a', timestamp: 'soon', name: 7, integrations: [] })
  expect(await server.stored()).toMatchObject([
    {
      name: null,
      originalTimestamp: null,
      warnings: [
        expect.stringContaining('`integrations`'),
        expect.stringContaining('`name`'),
        expect.stringContaining('`timestamp`'),
      ],
    },
  ])
})

test('a sentAt of an envelope that is no time loses none of its events, however deep or long it is', async () => {
  const server = await startHere()
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  for (const [place, sentAt] of [deep, `{"a":${deep}}`, `"${'1'.repeat(1_000_000)}"`].entries()) {
    const body = `{"sentAt":${sentAt},"batch":[{"type":"page","userId":"u","messageId":"m${place}"}]}`
    const response = await server.post('/ingest/v1/batch', body)
    expect(await response.json()).toMatchObject({ accepted: 1, rejected: 0 })
  }
  const unused = (what: string) => [`\`sentAt\` is not a time and was not used: ${what}`]
  expect(await server.stored()).toMatchObject([
    { messageId: 'm0', sentAt: null, warnings: unused('[]') },
    { messageId: 'm1', sentAt: null, warnings: unused('{}') },
    { messageId: 'm2', sentAt: null, warnings: unused(`"${'1'.repeat(60)}"`) },
  ])
  expect(await server.rejected()).toEqual([])
})
