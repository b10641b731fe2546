/**
 * What it costs to make canonical events of a parsed body, as a ratio to the JSON.parse of the same body: `node
 * bench/normalise.mjs`. Both are measured in turn in one run, so that a busy machine slows both; the medians of all
 * rounds are compared. Ends with 1 if a ratio is over the limit.
 */
import { toCanonical } from '../server/src/canonical.ts'
import { settle } from '../server/src/sources/delivery.ts'
import { readEvents } from '../server/src/sources/readers.ts'
import { report } from './report.mjs'
import { round } from './statistics.mjs'

const RATIO_MAX = 2
const EVENTS = 100
const ROUNDS = 400
const WARM_UP_ROUNDS = 100
const BODIES_PER_ROUND = 10

const context = {
  library: { name: 'airhop', version: '0.1.0' },
  page: { url: 'https://app.acme.example/pricing?x=1', path: '/pricing', referrer: '', title: 'Pricing – Acme' },
  locale: 'en-US',
  timezone: 'Europe/Amsterdam',
}
const properties = (n) => ({
  plan: 'pro',
  amount: '19.99',
  total: 99.99,
  seats: n,
  tags: ['vip', 'beta'],
  coupon: null,
})

function track(n) {
  const at = new Date(Date.UTC(2026, 10, 21, 1, 59, 33, n)).toISOString()
  return { type: 'track', messageId: `k2x9f3-${n}`, timestamp: at, event: 'Order Completed', properties: properties(n) }
}

/** As the webhook of Segment brings them: nothing is shared. */
const forwarded = (n) => ({
  ...track(n),
  anonymousId: 'anon-7c1e2f0a',
  userId: 'user_123',
  channel: 'server',
  version: 2,
  projectId: 'prj_1',
  writeKey: 'segment_source_key',
  context: { ...context, ip: '203.0.113.42' },
  integrations: {},
  originalTimestamp: track(n).timestamp,
  sentAt: '2026-11-21T01:59:34.500Z',
  receivedAt: '2026-11-21T01:59:34.700Z',
})

const events = (make) => Array.from({ length: EVENTS }, (_, n) => make(n))

const CASES = {
  'native batch': {
    source: 'http',
    door: 'batch',
    body: {
      writeKey: 'wk_bench',
      anonymousId: 'a1b2c3d4-0000-4000-8000-000000000000',
      userId: 'user_123',
      sentAt: '2026-11-21T01:59:34.500Z',
      context,
      batch: events(track),
    },
  },
  'Segment SDK batch': {
    source: 'http',
    door: 'batch',
    body: { sentAt: '2026-11-21T01:59:34.500Z', batch: events(forwarded) },
  },
  'Segment webhook batch': { source: 'segment', door: 'webhook', body: events(forwarded) },
}

const facts = { fromBrowser: false }

/** How many canonical events a body comes to: something that must be worked out. */
function normalise(source, door, json) {
  let made = 0
  for (const item of readEvents(source, door, json, facts).items) {
    const settled = settle(item)
    if (!('calls' in settled)) throw new Error(JSON.stringify(settled))
    for (const call of settled.calls) {
      const event = toCanonical(call, { source, receivedAtMs: 1_795_226_374_700, facts, generatedId: 'gen' })
      if (event.type === 'track') made += 1
    }
  }
  return made
}

const median = (numbers) => numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)]

function timeMs(work) {
  const startMs = performance.now()
  for (let time = 0; time < BODIES_PER_ROUND; time += 1) work()
  return performance.now() - startMs
}

let isOver = false
const rows = []
for (const [name, { source, door, body }] of Object.entries(CASES)) {
  const text = JSON.stringify(body)
  const json = JSON.parse(text)
  const parse = []
  const rest = []
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    const parseMs = timeMs(() => JSON.parse(text))
    const restMs = timeMs(() => {
      if (normalise(source, door, json) !== EVENTS) throw new Error('not all events were made')
    })
    if (round < WARM_UP_ROUNDS) continue
    parse.push(parseMs)
    rest.push(restMs)
  }
  const perEvent = (times) => (median(times) * 1000) / (BODIES_PER_ROUND * EVENTS)
  const ratio = median(rest) / median(parse)
  isOver ||= ratio > RATIO_MAX
  const bytes = Math.round(text.length / EVENTS)
  rows.push({ name, bytes, parse: round(perEvent(parse)), rest: round(perEvent(rest)), ratio: round(ratio) })
}
report('normalise', {
  sections: [
    {
      title: `An event of a batch, from parsed JSON to its canonical form (at most ${RATIO_MAX} × JSON.parse)`,
      columns: {
        name: 'batch',
        bytes: 'bytes an event',
        parse: 'JSON.parse, µs',
        rest: 'the rest, µs',
        ratio: '× JSON.parse',
      },
      rows,
    },
  ],
})
process.exitCode = isOver ? 1 : 0
