import { expect, test } from 'vitest'
import { startHere, startWith } from './server-under-test.ts'

/** Every sample of an exposition, by name and labels. Fails on a line that is none. */
function samplesOf(text: string): Record<string, number> {
  expect(text.endsWith('\n')).toBe(true)
  const samples = text
    .trimEnd()
    .split('\n')
    .filter((line) => !/^# (HELP \w+ .+|TYPE \w+ (counter|gauge))$/.test(line))
  return Object.fromEntries(
    samples.map((line) => {
      const match = /^(\w+(?:\{(?:\w+="(?:[^"\\]|\\.)*",?)+\})?) (-?[\d.e+]+)$/.exec(line)
      if (!match) throw new Error(`no sample: ${line}`)
      return [match[1], Number(match[2])]
    }),
  )
}

test('the figures are there for Prometheus and, the same, for the page', async () => {
  const server = await startHere()
  const good = (messageId: string) => ({ type: 'track', userId: 'u', event: 'e', messageId })
  await server.post('/ingest/v1/batch', { batch: [good('1'), good('2'), good('1'), { type: 'track', userId: 'u' }] })
  await server.post('/ingest/v1/track', good('3'), { 'x-write-key': 'wk_other' })
  await server.processed()

  const answer = await fetch(`${server.url}/metrics`)
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const samples = samplesOf(await answer.text())
  expect(samples).toMatchObject({
    'airhop_build_info{version="0.1.0"}': 1,
    airhop_up: 1,
    airhop_requests_total: 2,
    'airhop_events_total{verdict="accepted"}': 2,
    'airhop_events_total{verdict="duplicate"}': 1,
    'airhop_events_total{verdict="rejected"}': 1,
    'airhop_events_rejected_total{code="missing_event"}': 1,
    'airhop_requests_refused_total{code="invalid_write_key"}': 1,
    airhop_events_stored_total: 2,
    airhop_log_backlog_entries: 0,
    airhop_worker_running: 1,
  })
  expect(samples['airhop_file_bytes{file="store"}']).toBeGreaterThan(4096)

  const figures = (await (await server.get('/api/v1/health')).json()) as any
  expect(figures).toMatchObject({
    status: 'ok',
    requests: 2,
    verdicts: { accepted: 2, duplicate: 1, rejected: 1, quarantined: 0, ignored: 0 },
    storedEver: 2,
    refusedByCode: { invalid_write_key: 1 },
  })
  expect(figures.series.accepted).toHaveLength(600)
})

test('what is quarantined or ignored is counted apart from what is rejected', async () => {
  const schema = { properties: { properties: { required: ['total'] } } }
  const rules = [{ type: 'track', event: 'paid', schema }]
  const server = await startWith({ contract: { mode: 'quarantine', rules } })
  const paid = { type: 'track', userId: 'u', event: 'paid', properties: {} }
  const batch = [paid, { ...paid, properties: { total: 1 } }, { type: 'track', userId: 'u' }]
  await server.post('/ingest/v1/batch', { batch })
  await server.post('/ingest/v1/track', paid)
  const capture = (event: string) => ({ uuid: event, event, distinct_id: 'u', properties: {} })
  await server.post('/ingest/v1/posthog/batch', { batch: [capture('$feature_flag_called'), capture('clicked')] })
  const samples = samplesOf(await (await fetch(`${server.url}/metrics`)).text())
  expect(samples).toMatchObject({
    'airhop_events_total{verdict="accepted"}': 2,
    'airhop_events_total{verdict="duplicate"}': 0,
    'airhop_events_total{verdict="rejected"}': 1,
    'airhop_events_total{verdict="quarantined"}': 2,
    'airhop_events_total{verdict="ignored"}': 1,
    'airhop_events_rejected_total{code="missing_event"}': 1,
  })
  expect(samples).not.toHaveProperty('airhop_events_rejected_total{code="contract_quarantined"}')
  expect(await (await server.get('/api/v1/health')).json()).toMatchObject({
    verdicts: { accepted: 2, duplicate: 0, rejected: 1, quarantined: 2, ignored: 1 },
    rejectedByCode: { missing_event: 1 },
  })
})

test('a second that is over is in the series', async () => {
  let ms = Date.parse('2026-11-21T12:00:00.500Z')
  const server = await startHere({ now: () => ms })
  await server.post('/ingest/v1/batch', { batch: [{ type: 'track', userId: 'u', event: 'e' }, { type: 'track' }] })
  ms += 1000
  const { series, perSecond } = (await (await server.get('/api/v1/health')).json()) as any
  expect([series.accepted.at(-1), series.rejected.at(-1), perSecond]).toEqual([1, 1, 0.2])
  expect(new Date(series.fromMs + 599_000).toISOString()).toBe('2026-11-21T12:00:00.000Z')
})

test('sites that asked for the script are told apart from those that sent something', async () => {
  let ms = 1_000_000
  const server = await startHere({ now: () => ms })
  await fetch(`${server.url}/airhop.js`, { headers: { referer: 'https://shop.example/a?b=secret' } })
  // Somebody looks at the file: no page has loaded it.
  await fetch(`${server.url}/airhop.js`, { headers: { 'sec-fetch-dest': 'document' } })
  ms += 1000
  await fetch(`${server.url}/ingest/v1/batch`, { method: 'OPTIONS', headers: { origin: 'https://blog.example' } })
  await server.post('/ingest/v1/track', {}, { origin: 'https://blog.example' })
  await server.post('/ingest/v1/track', {})
  const { sightings } = (await (await server.get('/api/v1/sightings')).json()) as any
  expect(sightings).toEqual([
    { site: 'https://blog.example', scriptAt: null, sentAt: new Date(ms).toISOString() },
    { site: 'https://shop.example', scriptAt: new Date(ms - 1000).toISOString(), sentAt: null },
  ])
})
