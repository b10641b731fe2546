import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { serverNowMs } from '../now.ts'
import { AddressField, byArrows, Empty, Heading, Said, Sentence, Trouble, TypeTag, Who } from '../parts.tsx'
import { go, route, say } from '../route.ts'
import type { LiveEvent, Rejected, Row } from '../shapes.ts'
import { openStream, type StreamState } from '../stream.ts'
import { count, counted, duration, moment, pathOf, shown, titleOf } from '../words.ts'
import { adviceOf } from './advice.ts'
import { Inspect } from './inspect.tsx'

/** Rows on the page; the oldest fall off. */
const ROWS_MAX = 300

/** The page is drawn at most this often: at 100 events a second each drawing takes 25 of them. */
const DRAW_MS = 250

/** What is loaded before the stream begins. */
const PAST = 100

/** What is new is said aloud this often at most: whoever listens hears it to its end. */
const NEWS_MS = 5000

const FILTERS = ['type', 'event', 'who', 'source'] as const

const TYPES = ['track', 'page', 'screen', 'identify', 'group', 'alias']

const SOURCES = ['http', 'segment', 'posthog', 'intercom', 'hyperengage', 'churnkey', 'hogsend', 'signalsmith']

/** Seconds of the strip above the list. */
const STRIP_S = 60

export function LiveView() {
  const { query } = route.value
  const filter = new URLSearchParams([...query].filter(([name]) => (FILTERS as readonly string[]).includes(name)))
  const rows = useSignal<Row[]>([])
  const state = useSignal<StreamState>('connecting')
  const trouble = useSignal('')
  const paused = useSignal(false)
  const held = useSignal(0)
  const news = useSignal('')
  const strip = useRef(createStrip())
  const live = useRef({ waiting: [] as Row[], held: [] as Row[], unsaid: 0, saidAtMs: 0 })
  const said = filter.toString()

  useEffect(() => {
    const stop = new AbortController()
    const parts = live.current
    parts.waiting = []
    parts.held = []
    parts.unsaid = 0
    rows.value = []
    held.value = 0
    // Other filters ask for other rows than those that were held still.
    paused.value = false
    strip.current.clear()
    const draw = () => {
      strip.current.draw()
      const fresh = parts.waiting.toReversed()
      parts.waiting = []
      if (fresh.length === 0 && parts.unsaid === 0) return
      if (paused.value) {
        parts.held = merge(fresh, parts.held)
        held.value += fresh.length
        return
      }
      if (fresh.length > 0) rows.value = merge(fresh, rows.value)
      parts.unsaid += fresh.length
      if (Date.now() - parts.saidAtMs < NEWS_MS) return
      news.value = newsOf(parts.unsaid, rows.value[0]!)
      parts.unsaid = 0
      parts.saidAtMs = Date.now()
    }
    const timer = setInterval(draw, DRAW_MS)
    const withPast = new URLSearchParams([...filter, ['last', String(PAST)]])
    void openStream(
      {
        query: withPast,
        onRows: (fresh) => {
          strip.current.add(fresh)
          parts.waiting.push(...fresh)
          if (parts.waiting.length > ROWS_MAX) parts.waiting = parts.waiting.slice(-ROWS_MAX)
          if (rows.value.length === 0 && !paused.value) draw()
        },
        onState: (next, why = '') => {
          state.value = next
          trouble.value = why
        },
      },
      stop.signal,
    )
    return () => {
      stop.abort()
      clearInterval(timer)
    }
  }, [said])

  const togglePause = () => {
    paused.value = !paused.value
    if (paused.value) return
    const parts = live.current
    rows.value = merge(parts.held, rows.value)
    parts.held = []
    held.value = 0
  }
  const events = rows.value.filter(({ kind }) => kind === 'event').length
  const open = query.get('open')

  return (
    <section class="live">
      <Heading title="Live">
        <p class="state" data-state={paused.value ? 'paused' : state.value} data-testid="state" role="status">
          {paused.value ? 'Paused' : STATES[state.value]}
        </p>
        <p class="count" data-testid="count">
          {rows.value.length === ROWS_MAX && 'the newest '}
          {counted(events, 'event')}
          {rows.value.length > events && `, ${rows.value.length - events} refused`}
        </p>
        <button
          type="button"
          class="button small"
          data-testid="pause"
          aria-pressed={paused.value}
          onClick={togglePause}
        >
          {paused.value ? `Resume${held.value ? ` (${count(held.value)} new)` : ''}` : 'Pause'}
        </button>
      </Heading>
      <canvas
        class="strip"
        ref={strip.current.attach}
        role="img"
        aria-label="Events of the last minute, second by second"
      />
      <Filters query={query} />
      <Trouble sentence={trouble.value} />
      <ol class="rows" data-testid="rows" onKeyDown={byArrows}>
        {rows.value.map((row) =>
          row.kind === 'event' ? <EventRow key={row.key} {...row.data} /> : <RejectedRow key={row.key} {...row.data} />,
        )}
      </ol>
      {rows.value.length === 0 && state.value === 'live' && (
        <Empty title={said ? 'Nothing matches yet' : 'Waiting for your first event…'}>
          {said ? (
            <p>
              It appears here the moment it is stored.{' '}
              <button type="button" class="link" onClick={() => go('live')}>
                Show everything
              </button>
            </p>
          ) : (
            <p>
              Open a page that has the snippet. <a href="#/start">Get started</a> shows it, and says why nothing comes.
            </p>
          )}
        </Empty>
      )}
      <p class="unseen" aria-live="polite">
        {news.value}
      </p>
      {open && <Inspect messageId={open} onClose={() => say({ open: undefined })} />}
    </section>
  )
}

const STATES: Record<StreamState, string> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Connection lost, trying again',
  stopped: 'Stopped',
}

/**
 * Newest first, as both are. Events among themselves stay in the server's order, and rejections in theirs; of the two that
 * come next, the one that arrived later does: in the stream the rejections of a look come before its events.
 */
function merge(fresh: Row[], shown: Row[]): Row[] {
  const all = [...fresh, ...shown]
  const events = all.filter(({ kind }) => kind === 'event')
  const rejected = all.filter(({ kind }) => kind === 'rejected')
  const rows: Row[] = []
  while (rows.length < Math.min(all.length, ROWS_MAX)) {
    const event = events[0]
    const isEvent = event && (!rejected[0] || receivedAt(event) >= receivedAt(rejected[0]))
    rows.push((isEvent ? events : rejected).shift()!)
  }
  return rows
}

const receivedAt = (row: Row) => (row.kind === 'event' ? row.data.event.receivedAt : row.data.receivedAt)

function newsOf(events: number, newest: Row): string {
  const what =
    newest.kind === 'event' ? `${newest.data.event.type} ${titleOf(newest.data.event)}` : `refused: ${newest.data.code}`
  return `${events} new. Newest: ${what.slice(0, 80)}`
}

interface ChoiceProps {
  query: URLSearchParams
  parameter: string
  label: string
  /** What stands for none of them. */
  all: string
  options: readonly string[]
}

const Choice = ({ query, parameter, label, all, options }: ChoiceProps) => (
  <select
    aria-label={label}
    data-testid={`filter-${parameter}`}
    value={query.get(parameter) ?? ''}
    onChange={(event) => say({ [parameter]: event.currentTarget.value })}
  >
    <option value="">{all}</option>
    {options.map((option) => (
      <option key={option}>{option}</option>
    ))}
  </select>
)

const Filters = ({ query }: { query: URLSearchParams }) => (
  <search class="filters" aria-label="Filter events">
    <Choice query={query} parameter="type" label="Type" all="All types" options={TYPES} />
    <AddressField parameter="event" label="Event name" testid="filter-event" />
    <AddressField parameter="who" label="User or anonymous id" testid="filter-who" />
    <Choice query={query} parameter="source" label="Source" all="All sources" options={SOURCES} />
    {FILTERS.some((name) => query.get(name)) && (
      <button type="button" class="link" onClick={() => say({ type: '', event: '', who: '', source: '' })}>
        Clear
      </button>
    )}
  </search>
)

function EventRow({ event, storedAt }: LiveEvent) {
  const { type, messageId, userId, anonymousId } = event
  const latencyMs = storedAt ? Date.parse(storedAt) - Date.parse(event.timestamp) : Number.NaN
  return (
    <li
      data-testid="event"
      data-type={type}
      data-event={event.event ?? ''}
      data-user={userId ?? ''}
      data-anonymous={anonymousId ?? ''}
      data-message-id={messageId}
    >
      <button type="button" class="line" data-line onClick={() => say({ open: messageId }, { replace: false })}>
        <time class="time" dateTime={event.receivedAt} title={event.receivedAt}>
          {moment(event.receivedAt)}
        </time>
        <TypeTag type={type} />
        <Said class="title" text={titleOf(event)} />
        <Who anonymousId={anonymousId} userId={userId} />
        <span class="badges">
          {event.verified && (
            <span class="badge good" title="Signed, or sent with a server's secret">
              verified
            </span>
          )}
          {event.bot && (
            <span class="badge" title={`Its user agent says ${event.bot.reasons.join(', ')}`}>
              bot
            </span>
          )}
          {event.warnings && (
            <span class="badge warn" title={shown(event.warnings.join('; '), 600)}>
              note
            </span>
          )}
          <Said class="source" text={whereOf(event)} />
        </span>
        <span class="latency" title="From the call to the store">
          {latencyMs >= 0 && latencyMs < 86_400_000 ? duration(latencyMs) : ''}
        </span>
      </button>
    </li>
  )
}

const whereOf = (event: LiveEvent['event']) => (event.source === 'http' ? (pathOf(event) ?? 'http') : event.source)

function RejectedRow({ code, message, receivedAt: at, messageId }: Rejected) {
  return (
    <li data-testid="rejected" data-type="refused" data-code={code} data-message-id={messageId ?? ''}>
      <a class="line" data-line href={`#/refused?code=${encodeURIComponent(code)}`}>
        <time class="time" dateTime={at} title={at}>
          {moment(at)}
        </time>
        <TypeTag type="refused" />
        <Said class="title" text={adviceOf(code).title} />
        <span class="why">
          <Sentence text={message} />
        </span>
      </a>
    </li>
  )
}

/** The last minute as bars, drawn on a canvas: 60 elements four times a second would be work for the whole page. */
function createStrip() {
  let canvas: HTMLCanvasElement | null = null
  const seconds = new Map<number, { events: number; rejected: number }>()
  const now = () => Math.floor(serverNowMs() / 1000)
  return {
    attach: (element: HTMLCanvasElement | null) => {
      canvas = element
    },
    clear: () => seconds.clear(),
    add(rows: Row[]) {
      for (const row of rows) {
        const second = Math.floor(Date.parse(receivedAt(row)) / 1000)
        if (second < now() - STRIP_S) continue
        const counts = seconds.get(second) ?? { events: 0, rejected: 0 }
        counts[row.kind === 'event' ? 'events' : 'rejected'] += 1
        seconds.set(second, counts)
      }
      for (const second of seconds.keys()) if (second < now() - STRIP_S) seconds.delete(second)
    },
    draw() {
      const context = canvas?.getContext('2d')
      if (!canvas || !context) return
      const width = canvas.clientWidth
      const height = canvas.clientHeight
      const ratio = devicePixelRatio || 1
      if (canvas.width !== Math.round(width * ratio)) {
        canvas.width = Math.round(width * ratio)
        canvas.height = Math.round(height * ratio)
      }
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      context.clearRect(0, 0, width, height)
      const style = getComputedStyle(canvas)
      const colour = (name: string) => style.getPropertyValue(name)
      const most = Math.max(4, ...[...seconds.values()].map(({ events, rejected }) => events + rejected))
      const step = width / STRIP_S
      const last = now()
      for (let at = 0; at < STRIP_S; at += 1) {
        const counts = seconds.get(last - STRIP_S + 1 + at)
        const x = at * step
        context.fillStyle = colour('--line')
        context.fillRect(x, height - 1.5, step - 2, 1.5)
        if (!counts) continue
        const of = (value: number) => (value === 0 ? 0 : Math.max(3, (value / most) * (height - 2)))
        const events = of(counts.events)
        context.fillStyle = colour('--accent')
        context.fillRect(x, height - events, step - 2, events)
        const rejected = of(counts.rejected)
        context.fillStyle = colour('--warn')
        context.fillRect(x, height - events - rejected, step - 2, rejected)
      }
    },
  }
}
