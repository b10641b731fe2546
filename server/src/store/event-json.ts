import { iso, sharedIso, sharedWrittenMs, writtenMs } from '../time.ts'
import type { KeptEvent } from './changes.ts'

/** What of a canonical event stands in columns of its own. */
interface Said {
  readonly type: string
  readonly source: string
  readonly event?: string | undefined
  readonly originalTimestamp?: string | null | undefined
  readonly sentAt?: string | null | undefined
  readonly timestamp: string
  readonly receivedAt: string
  readonly verified: boolean
}

/** The event without that: JSON.stringify leaves undefined out. Written out since V8 copies one object fast, and no second. */
const withoutColumns = (event: Said): Partial<Said> => ({
  ...event,
  type: undefined,
  source: undefined,
  event: undefined,
  originalTimestamp: undefined,
  sentAt: undefined,
  timestamp: undefined,
  receivedAt: undefined,
  verified: undefined,
})

type Kept = Omit<KeptEvent, 'type' | 'source' | 'event'>

/**
 * A canonical event as it is kept: its JSON does not say again what its columns say, which is a third of it. Where they
 * would not give the very same again (a time that is not written as ours are, a name that is no Unicode) the JSON is whole.
 */
export function toKept(event: Said): Kept {
  const { event: name = '', originalTimestamp, sentAt, timestamp, verified } = event
  const atMs = writtenMs(timestamp)
  const receivedMs = sharedWrittenMs(event.receivedAt)
  const originalMs =
    originalTimestamp === null ? null : originalTimestamp === timestamp ? atMs : writtenMs(originalTimestamp)
  const sentMs = sentAt === null ? null : writtenMs(sentAt)
  const isWritten = atMs !== undefined && receivedMs !== undefined && originalMs !== undefined && sentMs !== undefined
  if (!isWritten || !name.isWellFormed()) return asWhole(event, JSON.stringify(event))
  return {
    atMs,
    receivedAfter: receivedMs - atMs,
    originalAfter: originalMs === null ? null : originalMs - atMs,
    sentAfter: sentMs === null ? null : sentMs - atMs,
    verified: Number(verified),
    json: JSON.stringify(withoutColumns(event)),
  }
}

/** A canonical event whose JSON is kept as it is written. */
export const asWhole = ({ timestamp }: Pick<Said, 'timestamp'>, json: string): Kept => ({
  atMs: Date.parse(timestamp),
  receivedAfter: null,
  originalAfter: null,
  sentAfter: null,
  verified: null,
  json,
})

/** Of an event's row, what `eventJson` puts together. */
export const KEPT = `events.type, events.source, events.event, events.at AS atMs, events.received_after AS receivedAfter,
  events.original_after AS originalAfter, events.sent_after AS sentAfter, events.verified, events.json`

/** The JSON of a canonical event, of the columns that are `KEPT`. */
export function eventJson(kept: Readonly<Record<string, unknown>> | KeptEvent): string {
  const { type, source, event, atMs, receivedAfter, originalAfter, sentAfter, verified, json } = kept as KeptEvent
  if (receivedAfter === null) return json
  const timestamp = `"${iso(atMs)}"`
  const time = (after: number | null) => {
    if (after === null) return 'null'
    return after === 0 ? timestamp : `"${iso(atMs + after)}"`
  }
  const name = event === null ? '' : `"event":${JSON.stringify(event)},`
  const times = `"originalTimestamp":${time(originalAfter)},"sentAt":${time(sentAfter)},"timestamp":${timestamp},"receivedAt":"${sharedIso(atMs + receivedAfter)}"`
  return `{"type":"${type}","source":"${source}",${name}${json.slice(1, -1)},${times},"verified":${verified === 1}}`
}
