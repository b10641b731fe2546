import { parseAsWritten } from './body.ts'
import { type CanonicalEvent, toCanonical } from './canonical.ts'
import { type Call, type Fields, messageIdOf } from './check.ts'
import { RequestRefused } from './errors.ts'
import {
  type Entry,
  ORDER_DOOR,
  type Outcome,
  type Position,
  RELEASE_DOOR,
  type ReleasedEvent,
  type Rulings,
} from './log/port.ts'
import { type Delivery, type Item, settle } from './sources/delivery.ts'
import { readBody, readEvents } from './sources/readers.ts'
import type { Changes, Loss, Order, Quarantined, Rejected, StoredEvent } from './store/changes.ts'
import { toStoredEvent } from './stored-event.ts'

/** How much of what was not taken is kept to be looked at. */
const EXCERPT_CHARS = 1024

/**
 * What an entry of the log comes to: its canonical events, and what was rejected of it. The same entry at the same
 * position always comes to the same, generated ids included. Never throws: what fails unexpectedly is rejected with
 * the reason, so that one entry cannot hold up or lose the others.
 */
export function replay(partition: number, position: Position, entry: Entry): Changes {
  const events: StoredEvent[] = []
  const rejected: Rejected[] = []
  const quarantined: Quarantined[] = []
  const losses: Loss[] = []
  const changes = { events, rejected, quarantined, losses }
  if (entry.refusal) {
    const { status, code, message } = entry.refusal
    rejected.push(rejectedBy(entry, { status, code, message, body: bodyText(entry) }))
    return changes
  }
  try {
    if (entry.door === ORDER_DOOR) return { ...changes, order: readOrder(entry) }
    if (entry.door === RELEASE_DOOR) return { ...changes, events: releasedBy(entry) }
    const rulingOf = lookUp(entry.rulings)
    let index = 0
    const delivery = read(entry)
    losses.push(...lossesOf(entry, delivery))
    for (const item of delivery.items) {
      const ruling = rulingOf(index)
      const verdict = outcomeOf(
        item,
        entry,
        { generatedId: `gen-${partition}-${position}-${index}`, position, place: index },
        ruling,
      )
      if (!Array.isArray(verdict)) rejected.push({ ...verdict, index })
      else if (ruling.outcome !== 'quarantined') events.push(...verdict.map(({ event }) => event))
      else
        quarantined.push(
          ...verdict.map(({ call, event }) => ({ event, rejected: { ...rejectedCall(call, entry, ruling), index } })),
        )
      index += 1
    }
  } catch (error) {
    rejected.push(rejectedBy(entry, { ...reasonOf(error), body: bodyText(entry) }))
  }
  return changes
}

/** As it was made here, by an administrator. */
const readOrder = ({ body }: Entry) => JSON.parse(bytesOf(body).toString('utf8')) as Order

function read({ source, door, body, encoding, facts }: Entry): Delivery {
  return readEvents(source, door, readBody(source, bytesOf(body), encoding).json, facts)
}

const bytesOf = (body: Uint8Array) => Buffer.from(body.buffer, body.byteOffset, body.byteLength)

/** What was said of a call when it was taken. */
interface Ruling {
  verified: boolean
  outcome?: Outcome
  code: string
  message: string
}

const NONE: Ruling = { verified: false, code: '', message: '' }

/** By the place of a call in its request. */
function lookUp(rulings: Rulings | null): (index: number) => Ruling {
  if (!rulings) return () => NONE
  const { verified, said } = rulings
  const ofUsers = verified === true ? undefined : new Set(verified)
  const byIndex = new Map(said.map((ruling) => [ruling.index, ruling]))
  return (index) => ({ ...NONE, ...byIndex.get(index), verified: ofUsers?.has(index) ?? true })
}

/** What an entry has at a place, as its sender wrote it; undefined if there is none. Throws what reading the body throws. */
export function sentAt(entry: Entry, place: number): { call: unknown; envelope: Fields } | undefined {
  const { source, door, encoding, facts } = entry
  const json = parseAsWritten(readBody(source, bytesOf(entry.body), encoding).body)
  const item = readEvents(source, door, json, facts).items[place]
  if (!item) return undefined
  const [first] = 'calls' in item ? item.calls : []
  return { call: item.raw ?? first?.raw, envelope: first?.envelope ?? {} }
}

/** Where a call lies, and the id it gets if it has none. */
interface Origin {
  generatedId: string
  position: Position
  place: number
}

/** The events of an item with the calls that they came as, all or none; of one that was not wanted there are none. */
function outcomeOf(
  item: Item,
  entry: Entry,
  { generatedId, ...origin }: Origin,
  ruling: Ruling,
): { call: Call; event: StoredEvent }[] | Rejected {
  let failing: Call | undefined
  try {
    const settled = settle(item)
    if ('ignored' in settled) return []
    if ('refusal' in settled) {
      const { refusal, raw, messageId } = settled
      return rejectedBy(entry, { code: refusal.code, message: refusal.message, messageId, body: excerptOf(raw) })
    }
    if (ruling.outcome === 'rejected') return rejectedCall(settled.calls[0], entry, ruling)
    return settled.calls.map((call, place) => {
      failing = call
      return {
        call,
        event: toStored(
          call,
          entry,
          { ...origin, generatedId: place === 0 ? generatedId : `${generatedId}-${place}` },
          ruling,
        ),
      }
    })
  } catch (error) {
    return rejectedCall(failing, entry, reasonOf(error))
  }
}

function toStored(call: Call, entry: Entry, { generatedId, position, place }: Origin, ruling: Ruling): StoredEvent {
  const { workspace, source, receivedAtMs, facts } = entry
  if (workspace === null) throw new Error('the entry says no workspace')
  const canonical = toCanonical(call, { source, receivedAtMs, facts, generatedId, verified: ruling.verified })
  if (ruling.outcome === 'warned') canonical.warnings = [...(canonical.warnings ?? []), ruling.message]
  const origin = { position, place }
  return toStoredEvent(canonical, { workspace, receivedAtMs, idGenerated: messageIdOf(call.raw) === null, origin })
}

const lossesOf = ({ workspace, receivedAtMs }: Entry, { losses = [] }: Delivery): Loss[] =>
  workspace === null ? [] : losses.map((loss) => ({ workspace, receivedAtMs, ...loss }))

/** Events that were in quarantine, as they were made when they came. */
function releasedBy(entry: Entry): StoredEvent[] {
  const released = JSON.parse(bytesOf(entry.body).toString('utf8')) as ReleasedEvent[]
  const { workspace, receivedAtMs } = entry
  return released.map(({ event, idGenerated }) => ({
    ...toStoredEvent(event as CanonicalEvent, { workspace: workspace!, receivedAtMs, idGenerated }),
    released: true,
  }))
}

type Reason = Pick<Rejected, 'code' | 'message' | 'body'> & Partial<Rejected>

const rejectedCall = (call: Call | undefined, entry: Entry, { code, message }: Pick<Reason, 'code' | 'message'>) =>
  rejectedBy(entry, { code, message, messageId: messageIdOf(call?.raw), body: excerptOf(call?.raw) })

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
