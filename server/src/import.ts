import { createHash } from 'node:crypto'
import { type CanonicalEvent, toCanonical } from './canonical.ts'
import { checkCall, type Fields, isAbsent, isObject, messageIdOf, type Terms } from './check.ts'
import { isWhat, type Refusal, refuse } from './errors.ts'
import { type ImportFile, LINE_MAX_CHARS } from './import-file.ts'
import type { StoredEvent } from './store/changes.ts'
import type { Store } from './store/port.ts'
import { toStoredEvent } from './stored-event.ts'
import { parseTime } from './time.ts'

/** One commit, as the worker's. */
const CHUNK_EVENTS = 10_000
const CHUNK_CHARS = 32 * 1024 * 1024

const NO_ENVELOPE: Fields = {}

export interface ImportParts {
  file: ImportFile
  workspace: string
  store: Pick<Store, 'importEvents' | 'imported'>
  now: () => number
  onProgress(bytesRead: number, bytes: number, lines: number): void
  /** A line that was not taken, counted from 1. */
  onRejected(line: number, refusal: Refusal): void
}

export interface ImportResult {
  /** Lines of the file, blank ones left out. */
  lines: number
  /** Of these, done by an earlier import of the same file. */
  skipped: number
  stored: number
  /** Their ids were there already. */
  known: number
  rejected: number
}

/**
 * Stores the events of a file: calls as a client makes them, or canonical events as an export gives them. Ids are kept and
 * times stay as they are: no clock is corrected, since nothing was sent just now. Who imports vouches for what a line does
 * not say: it is `verified`. An import that was interrupted goes on behind the last commit.
 */
export async function importFile({ file, workspace, store, now, onProgress, onRejected }: ImportParts) {
  const result: ImportResult = { lines: 0, skipped: 0, stored: 0, known: 0, rejected: 0 }
  const name = file.fingerprint === undefined ? undefined : `${workspace} ${file.fingerprint}`
  const done = name === undefined ? 0 : await store.imported(name)
  let line = 0
  let events: StoredEvent[] = []
  let chars = 0

  async function commit(): Promise<void> {
    const stored = await store.importEvents(name, line, events)
    result.stored += stored
    result.known += events.length - stored
    events = []
    chars = 0
    onProgress(file.bytesRead(), file.bytes, line)
  }

  for await (const lines of file.lines()) {
    for (const text of lines) {
      line += 1
      if (text.trim() === '') continue
      result.lines += 1
      if (line <= done) {
        result.skipped += 1
        continue
      }
      const event = readLine(text, line, workspace, now())
      if ('code' in event) {
        result.rejected += 1
        onRejected(line, event)
        continue
      }
      events.push(event)
      chars += event.json.length
      if (events.length >= CHUNK_EVENTS || chars >= CHUNK_CHARS) await commit()
    }
  }
  if (line > done) await commit()
  onProgress(file.bytes, file.bytes, line)
  return result
}

function readLine(text: string, line: number, workspace: string, nowMs: number): StoredEvent | Refusal {
  if (text.length > LINE_MAX_CHARS) {
    return refuse('invalid_event', `be a line of at most ${LINE_MAX_CHARS} characters`, 'is longer')
  }
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (error) {
    return refuse('malformed_json', (error as Error).message)
  }
  if (!isObject(raw)) return refuse('invalid_event', 'be a JSON object', isWhat(raw))
  const place = { workspace, receivedAtMs: nowMs }
  if (isCanonical(raw)) {
    const event = withOwnTimes(raw)
    const idGenerated = GENERATED_ID.test(event.messageId)
    return toStoredEvent(event, { ...place, idGenerated }, event === raw ? text.trim() : JSON.stringify(event))
  }

  // A line is one of its own time: what was sent then says nothing about the clock of now.
  const { sentAt: _, originalTimestamp, ...own } = raw
  const call = {
    raw: { ...own, timestamp: isAbsent(raw.timestamp) ? originalTimestamp : raw.timestamp },
    envelope: NO_ENVELOPE,
    doorType: undefined,
  }
  const refusal = checkCall(call)
  if (refusal) return refusal
  const generatedId = `import-${createHash('sha256').update(text).digest('hex').slice(0, 32)}-${line}`
  const receivedAtMs = parseTime(raw.receivedAt) ?? nowMs
  const event = toCanonical(call, {
    source: 'http',
    receivedAtMs,
    facts: { fromBrowser: false },
    generatedId,
    verified: true,
  })
  const verified = typeof raw.verified === 'boolean' ? raw.verified : true
  // The generated id is the same when the same file comes again, so it counts as one that was given.
  return toStoredEvent({ ...event, verified }, { ...place, idGenerated: false })
}

/** As `replay.ts` makes them: unique in one log only. */
const GENERATED_ID = /^gen-\d+-\d+-\d+(-\d+)?$/

/** Sources have their own bounds of length, and groups that no user stands in. */
const CANONICAL_TERMS: Terms = { eventMaxBytes: Number.POSITIVE_INFINITY, groupWithoutUser: true }

const isTextOrNull = (value: unknown): boolean => value === null || (typeof value === 'string' && !isAbsent(value))

const isTime = (value: unknown): value is string => typeof value === 'string' && parseTime(value) !== undefined

/** An event as this server writes it, with nothing in it that this server would not; anything else is read like a call. */
const isCanonical = (raw: Fields): raw is Fields & CanonicalEvent =>
  messageIdOf(raw) !== null &&
  typeof raw.source === 'string' &&
  typeof raw.verified === 'boolean' &&
  [raw.userId, raw.anonymousId, raw.email ?? null].every(isTextOrNull) &&
  typeof (raw.name ?? '') === 'string' &&
  isObject(raw.context) &&
  isObject(raw.traitsOnce ?? {}) &&
  isTime(raw.timestamp) &&
  isTime(raw.receivedAt) &&
  checkCall({
    raw,
    envelope: NO_ENVELOPE,
    doorType: undefined,
    terms: CANONICAL_TERMS,
    beyond: { email: (raw.email as string | null | undefined) ?? undefined },
  }) === undefined

/** What has been through another program may write its times otherwise. */
function withOwnTimes(event: CanonicalEvent): CanonicalEvent {
  const timestamp = new Date(parseTime(event.timestamp)!).toISOString()
  const receivedAt = new Date(parseTime(event.receivedAt)!).toISOString()
  const isAsWritten = timestamp === event.timestamp && receivedAt === event.receivedAt
  return isAsWritten ? event : { ...event, timestamp, receivedAt }
}
