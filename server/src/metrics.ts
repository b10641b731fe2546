import type { FastifyReply, FastifyRequest } from 'fastify'
import { createHealth, type HealthParts } from './health.ts'
import type { Live } from './live.ts'
import type { Meter } from './meter.ts'
import type { PageQueries } from './store/page-port.ts'

export interface MetricsParts extends HealthParts {
  meter: Pick<Meter, 'totals' | 'perSecond'>
  live: Pick<Live, 'readers'>
  queries: HealthParts['queries'] & Pick<PageQueries, 'storedEver' | 'lostInBrowsers'>
  /** Bytes on the disk of the two files, their WALs included. */
  sizes(): { store: number; log: number }
}

/** What is known of the server in figures: the same for `/metrics` and for the page. */
export function createFigures(parts: MetricsParts) {
  const health = createHealth(parts)
  return () => {
    const { startedAtMs, requests, verdicts, rejectedByCode, refusedByCode } = parts.meter.totals()
    return {
      ...health(),
      startedAt: new Date(startedAtMs).toISOString(),
      requests,
      verdicts: { ...verdicts },
      rejectedByCode: Object.fromEntries(rejectedByCode),
      refusedByCode: Object.fromEntries(refusedByCode),
      perSecond: parts.meter.perSecond(),
      storedEver: parts.queries.storedEver(),
      lostInBrowsers: parts.queries.lostInBrowsers(),
      bytes: parts.sizes(),
      memoryBytes: process.memoryUsage.rss(),
      liveReaders: parts.live.readers(),
    }
  }
}

export type Figures = ReturnType<ReturnType<typeof createFigures>>

/** `GET /metrics`, for anybody: it names no workspace, no key and no event. */
export function createMetrics(parts: MetricsParts) {
  const figures = createFigures(parts)
  return (_request: FastifyRequest, reply: FastifyReply) =>
    reply
      .type('text/plain; version=0.0.4; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(exposition(figures()))
}

type Sample = [labels: Record<string, string>, value: number]

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
function exposition(figures: Figures): string {
  const { verdicts, lag, worker, bytes, lastStoredAt } = figures
  const by = (label: string, values: Record<string, number>): Sample[] =>
    Object.entries(values).map(([value, count]) => [{ [label]: value }, count])
  const one = (value: number): Sample[] => [[{}, value]]
  const seconds = (iso: string | null) => (iso === null ? 0 : Date.parse(iso) / 1000)

  return [
    family('airhop_build_info', 'gauge', 'Version of the server.', [[{ version: figures.version }, 1]]),
    family('airhop_up', 'gauge', '1 while events are taken and get to the store.', one(+(figures.status === 'ok'))),
    family('airhop_start_time_seconds', 'gauge', 'When the process started.', one(seconds(figures.startedAt))),
    family('airhop_requests_total', 'counter', 'Requests that brought events, or were to.', one(figures.requests)),
    family('airhop_events_total', 'counter', 'Events by the verdict that was answered.', by('verdict', verdicts)),
    family(
      'airhop_events_rejected_total',
      'counter',
      'Rejected events of batches.',
      by('code', figures.rejectedByCode),
    ),
    family(
      'airhop_requests_refused_total',
      'counter',
      'Requests refused as a whole.',
      by('code', figures.refusedByCode),
    ),
    family(
      'airhop_refusals_not_recorded_total',
      'counter',
      'Refused requests without a record.',
      one(figures.refusalsNotRecorded),
    ),
    family(
      'airhop_events_stored_total',
      'counter',
      'Events stored since the data folder was made.',
      one(figures.storedEver),
    ),
    family(
      'airhop_browser_lost_events',
      'gauge',
      'Events that pages of the last 30 days say they dropped.',
      one(figures.lostInBrowsers),
    ),
    family(
      'airhop_last_stored_timestamp_seconds',
      'gauge',
      'When events were last stored.',
      one(seconds(lastStoredAt)),
    ),
    family('airhop_log_backlog_entries', 'gauge', 'Requests that wait for the worker.', one(lag.entries)),
    family('airhop_log_backlog_bytes', 'gauge', 'Bytes that wait for the worker.', one(lag.bytes)),
    family('airhop_worker_running', 'gauge', '1 while the worker runs.', one(+(worker.state === 'running'))),
    family('airhop_worker_restarts_total', 'counter', 'Restarts of the worker.', one(worker.restarts)),
    family('airhop_file_bytes', 'gauge', 'Size of the files with their WAL.', by('file', bytes)),
    family('airhop_live_readers', 'gauge', 'Open live streams.', one(figures.liveReaders)),
    family('airhop_memory_bytes', 'gauge', 'Resident memory of the process.', one(figures.memoryBytes)),
  ].join('')
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${labelsOf(labels)} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function labelsOf(labels: Record<string, string>): string {
  const written = Object.entries(labels).map(([label, value]) => `${label}="${escapeValue(value)}"`)
  return written.length > 0 ? `{${written.join(',')}}` : ''
}

const escapeValue = (value: string) => value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
