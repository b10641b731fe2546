import { toCanonical } from './canonical.ts'
import { type Call, messageIdOf } from './check.ts'
import { RequestRefused } from './errors.ts'
import type { Entry, Position } from './log/port.ts'
import { type Delivery, type Item, settle } from './sources/delivery.ts'
import { readBody, readEvents } from './sources/readers.ts'
import type { Changes, Rejected, StoredEvent } from './store/port.ts'

/** How much of what was not taken is kept to be looked at. */
const EXCERPT_CHARS = 1024

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
    for (const item of read(entry).items) {
      const verdict = outcomeOf(item, entry, `gen-${partition}-${position}-${index}`)
      if (Array.isArray(verdict)) events.push(...verdict)
      else rejected.push({ ...verdict, index })
      index += 1
    }
  } catch (error) {
    rejected.push(rejectedBy(entry, { ...reasonOf(error), body: bodyText(entry) }))
  }
  return { events, rejected }
}

function read({ source, door, body, encoding, facts }: Entry): Delivery {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return readEvents(source, door, readBody(source, bytes, encoding).json, facts)
}

/** The events of an item, all or none; of one that was not wanted there are none. */
function outcomeOf(item: Item, entry: Entry, generatedId: string): StoredEvent[] | Rejected {
  let raw: unknown
  try {
    const settled = settle(item)
    if ('ignored' in settled) return []
    if ('calls' in settled) {
      return settled.calls.map((call, place) => {
        raw = call.raw
        return toStored(call, entry, place === 0 ? generatedId : `${generatedId}-${place}`)
      })
    }
    const { refusal, messageId } = settled
    const { code, message } = refusal
    return rejectedBy(entry, { code, message, messageId, body: excerptOf(settled.raw) })
  } catch (error) {
    return rejectedBy(entry, { ...reasonOf(error), messageId: messageIdOf(raw), body: excerptOf(raw) })
  }
}

function toStored(call: Call, entry: Entry, generatedId: string): StoredEvent {
  const { workspace, source, receivedAtMs, facts } = entry
  if (workspace === null) throw new Error('the entry says no workspace')
  const canonical = toCanonical(call, { source, receivedAtMs, facts, generatedId })
  const { messageId, type, userId, anonymousId, email = null, event = null } = canonical
  const columns = { workspace, messageId, type, source, userId, anonymousId, email, event, receivedAtMs }
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
    return (JSON.stringify(raw) ?? '').slice(0, EXCERPT_CHARS)
  } catch (error) {
    return `(not shown: ${(error as Error).message})`
  }
}
