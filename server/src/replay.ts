import { decompress, parseJson } from './body.ts'
import { toCanonical } from './canonical.ts'
import { type Call, checkCall, messageIdOf } from './check.ts'
import { RequestRefused } from './errors.ts'
import type { Entry, Position, Source } from './log/port.ts'
import { callsOf, type Delivery } from './sources/delivery.ts'
import { type NativeDoor, readNative } from './sources/native.ts'
import type { Changes, Rejected, StoredEvent } from './store/port.ts'

/** How much of what was not taken is kept to be looked at. */
const EXCERPT_CHARS = 1024

/** The readers of bodies, by the door that they came through. */
const READERS: { readonly [source in Source]: (door: string, body: unknown) => Delivery } = {
  http: (door, body) => readNative(door as NativeDoor, body),
}

/**
 * What an entry of the log comes to: its canonical events, and what was rejected of it. The same entry at the same
 * position always comes to the same, generated ids included. Never throws: what fails unexpectedly is rejected with
 * the reason, so that one entry cannot hold up or lose the others.
 */
export function replay(partition: number, position: Position, entry: Entry): Changes {
  if (entry.refusal) {
    const { status, code, message } = entry.refusal
    return { events: [], rejected: [rejectedBy(entry, { status, code, message, body: bodyText(entry) })] }
  }
  const events: StoredEvent[] = []
  const rejected: Rejected[] = []
  try {
    let index = 0
    for (const call of callsOf(read(entry))) {
      const verdict = settle(call, entry, `gen-${partition}-${position}-${index}`)
      if ('json' in verdict) events.push(verdict)
      else rejected.push({ ...verdict, index })
      index += 1
    }
  } catch (error) {
    rejected.push(rejectedBy(entry, { ...reasonOf(error), body: bodyText(entry) }))
  }
  return { events, rejected }
}

function read({ source, door, body, encoding }: Entry): Delivery {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return READERS[source](door, parseJson(decompress(bytes, encoding), encoding))
}

function settle(call: Call, entry: Entry, generatedId: string): StoredEvent | Rejected {
  try {
    const refusal = checkCall(call)
    if (!refusal) return toStored(call, entry, generatedId)
    const { code, message } = refusal
    return rejectedBy(entry, { code, message, messageId: messageIdOf(call.raw), body: excerptOf(call.raw) })
  } catch (error) {
    return rejectedBy(entry, { ...reasonOf(error), messageId: messageIdOf(call.raw), body: excerptOf(call.raw) })
  }
}

function toStored(call: Call, entry: Entry, generatedId: string): StoredEvent {
  const { workspace, source, receivedAtMs, facts } = entry
  if (workspace === null) throw new Error('the entry says no workspace')
  const canonical = toCanonical(call, { source, receivedAtMs, facts, generatedId })
  const { messageId, type, userId, anonymousId, event = null } = canonical
  const columns = { workspace, messageId, type, source, userId, anonymousId, event, receivedAtMs }
  return { ...columns, idGenerated: messageIdOf(call.raw) === null, json: JSON.stringify(canonical) }
}

type Reason = Pick<Rejected, 'code' | 'message' | 'body'> & Partial<Rejected>

function rejectedBy({ workspace, receivedAtMs, source }: Entry, reason: Reason): Rejected {
  return { workspace, receivedAtMs, source, status: null, index: null, messageId: null, ...reason }
}

const reasonOf = (error: unknown) => {
  if (error instanceof RequestRefused) return { code: error.refusal.code, message: error.refusal.message }
  return { code: 'invalid_event', message: `It could not be processed: ${(error as Error).message}` }
}

const bodyText = ({ body }: Entry) => Buffer.from(body).toString('utf8').slice(0, EXCERPT_CHARS)

function excerptOf(raw: unknown): string {
  try {
    return JSON.stringify(raw).slice(0, EXCERPT_CHARS)
  } catch (error) {
    return `(not shown: ${(error as Error).message})`
  }
}
