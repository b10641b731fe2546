import { ask, Refusal } from './api.ts'
import type { LiveEvent, Rejected, Row } from './shapes.ts'

/** The server says something every 15 s: a connection that is silent for longer is gone. */
const SILENCE_MS = 40_000

const RETRY_MIN_MS = 500
const RETRY_MAX_MS = 10_000

export type StreamState = 'connecting' | 'live' | 'lost' | 'stopped'

export interface StreamOptions {
  /** Of `GET /api/v1/live`. */
  query: URLSearchParams
  /** Rows of one part of the stream, oldest first. */
  onRows(rows: Row[]): void
  /** `why`: the sentence of a server that does not give it. */
  onState(state: StreamState, why?: string): void
}

/**
 * Reads the live stream until `signal` says stop. It goes on after the last id it has seen, so nothing is missed and
 * nothing comes twice. By fetch, not EventSource, which cannot show a token and does not tell why it failed.
 */
export async function openStream({ query, onRows, onState }: StreamOptions, signal: AbortSignal): Promise<void> {
  let lastId = ''
  let retryMs = RETRY_MIN_MS
  onState('connecting')
  while (!signal.aborted) {
    const quiet = new AbortController()
    let watchdog = setTimeout(() => quiet.abort(), SILENCE_MS)
    let why: string | undefined
    try {
      const response = await ask(`api/v1/live?${query}`, {
        headers: lastId ? { 'last-event-id': lastId } : {},
        signal: AbortSignal.any([signal, quiet.signal]),
      })
      onState('live')
      retryMs = RETRY_MIN_MS
      const parser = createParser()
      const parts = response.body!.pipeThrough(new TextDecoderStream()).getReader()
      for (let part = await parts.read(); !part.done; part = await parts.read()) {
        clearTimeout(watchdog)
        watchdog = setTimeout(() => quiet.abort(), SILENCE_MS)
        const rows = parser.take(part.value)
        lastId = parser.lastId() || lastId
        if (rows.length > 0) onRows(rows)
      }
    } catch (error) {
      if (signal.aborted) return
      why = error instanceof Refusal ? error.message : undefined
      // Nothing to try again: the page asks for the token, or shows the sentence.
      if (error instanceof Refusal && (error.status === 401 || error.status === 400)) return onState('stopped', why)
    } finally {
      clearTimeout(watchdog)
    }
    onState('lost', why)
    await pause(retryMs, signal)
    retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)
  }
}

/** Server-sent events as this server writes them: one line a field. */
function createParser() {
  let text = ''
  let id = ''
  return {
    lastId: () => id,
    take(part: string): Row[] {
      text += part
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      return blocks.flatMap((block) => {
        const fields = new Map(
          block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        )
        id = fields.get('id') ?? id
        return rowOf(fields.get('event'), fields.get('data') ?? '')
      })
    },
  }
}

function rowOf(kind: string | undefined, data: string): Row[] {
  if (kind === 'event') {
    const event = JSON.parse(data) as LiveEvent
    return [{ kind, key: `e${event.id}`, data: event }]
  }
  if (kind === 'rejected') {
    const rejected = JSON.parse(data) as Rejected
    return [{ kind, key: `r${rejected.id}`, data: rejected }]
  }
  return []
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
