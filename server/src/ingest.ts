import type { FastifyRequest } from 'fastify'
import type { BatchAnswer, EventError } from '../../src/wire.ts'
import type { Keys, Sender } from './auth.ts'
import type { Arrival } from './canonical.ts'
import { messageIdOf } from './check.ts'
import type { Door } from './doors.ts'
import { type Refusal, RequestRefused } from './errors.ts'
import { refuseByLog } from './log/failure.ts'
import type { Entry, Log, RequestFacts, Rulings } from './log/port.ts'
import type { Meter } from './meter.ts'
import type { RecentIds } from './recent-ids.ts'
import type { Rules } from './rules.ts'
import { type Delivery, type IgnoredReason, type Item, settle } from './sources/delivery.ts'
import { readBody, readEvents } from './sources/readers.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What is known so far of a request that brings events, for the record if it is refused. */
    arrival: { workspace: string | null; body: Buffer } | null
  }
}

export interface IngestParts {
  keys: Keys
  log: Pick<Log, 'append'>
  /** Ids that are durable. */
  recentIds: RecentIds
  /** Of the workspaces that have any. */
  rules: ReadonlyMap<string, Rules>
  now: () => number
  /** Counts what was answered. */
  meter: Pick<Meter, 'answered'>
}

/** A request that was read and judged, and is not taken yet. */
export interface Incoming {
  workspace: string
  /** What a request of one event says; of more it is not kept while they are written. */
  json: unknown
  /** Of the good events that came with one, those not known to be taken already. */
  ids: ReadonlySet<string>
  /** Of one event that was not wanted, why. */
  ignored: readonly { index: number; code: IgnoredReason }[]
  /** Events that are kept aside: they are durable once taken, and not stored. */
  quarantined: number
  /** Resolves with the answer once all is durable. */
  take(): Promise<SourceAnswer>
}

/** The answer to an accepted request; a source's events may also be unwanted. */
export interface SourceAnswer extends BatchAnswer {
  ignored?: number
  ignoredReasons?: readonly { index: number; code: IgnoredReason }[]
}

/**
 * The way of a request from the wire to the log: who → what → verdict per event → durable → answer. Throws
 * `RequestRefused` for what is not taken as a whole.
 */
export function createIngest({ keys, log, recentIds, rules, now, meter }: IngestParts) {
  return function read(door: Door, request: FastifyRequest): Incoming {
    const receivedAtMs = now()
    const { guard, source } = door
    const received = bodyOf(request)
    const encoding = request.headers['content-encoding'] ?? null
    const arrival = { workspace: null as string | null, body: received }
    request.arrival = arrival

    const known = guard.byRequest(keys, request)
    arrival.workspace = known?.workspace.name ?? null
    const { json, body } = readBody(source, received, encoding)
    arrival.body = body
    const sender = known ?? guard.byBody(keys, json)
    const workspace = sender.workspace.name
    arrival.workspace = workspace
    const isSigned = guard.isSigned?.(sender.workspace, { headers: request.headers, body, json }) === true
    const facts = { ...factsOf(request), ...proofOf(sender, isSigned), ...door.factsOf?.(request) }

    const delivery = readEvents(source, door.door, json, facts)
    const events = delivery.items.length
    const asked = rules.get(workspace)
    asked?.admit(request.headers.origin, events)
    const verdict = judge(delivery, workspace, asked, { source, receivedAtMs, facts, generatedId: 'gen-' })
    const bytes = { encoding, body: received, bodyBytes: body.length }
    const { rulings } = verdict
    const about = { source, door: door.door, receivedAtMs, workspace, facts }
    const entry: Entry = { ...about, ...bytes, events, refusal: null, rulings }

    return {
      workspace,
      json: delivery.isSingle ? json : undefined,
      ids: verdict.ids,
      ignored: verdict.ignored,
      quarantined: verdict.quarantined,
      async take() {
        if (events > 0) await log.append([entry]).catch(refuseByLog)
        recentIds.add(workspace, verdict.ids)
        const answer = answerOf(events, verdict)
        meter.answered(answer)
        return answer
      },
    }
  }

  /** Which events are good, which were not wanted, and which of the good ones were taken before. `rules` judge what is well formed. */
  function judge(delivery: Delivery, workspace: string, rules: Rules | undefined, arrival: Acceptance): Verdict {
    const errors: EventError[] = []
    const ignored: { index: number; code: IgnoredReason }[] = []
    const said: Said[] = []
    const verified: number[] = []
    const ids = new Set<string>()
    let duplicates = 0
    let quarantined = 0
    let index = 0
    for (const item of delivery.items) {
      const settled = settle(item)
      if ('refusal' in settled) {
        const { refusal, messageId } = settled
        if (delivery.isSingle) throw new RequestRefused(refusal)
        errors.push({ index, messageId, ...reasonOf(refusal) })
      } else if ('ignored' in settled) {
        ignored.push({ index, code: settled.ignored })
      } else {
        const ruling = rules?.judge(settled.calls, arrival)
        if (ruling?.verified) verified.push(index)
        if (ruling?.refusal) said.push({ index, outcome: ruling.outcome, ...reasonOf(ruling.refusal) })
        if (ruling?.refusal && ruling.outcome !== 'warned') {
          if (ruling.outcome === 'quarantined') quarantined += 1
          else if (delivery.isSingle) throw new RequestRefused(ruling.refusal)
          errors.push({ index, messageId: messageIdOf(settled.calls[0]?.raw), ...reasonOf(ruling.refusal) })
        } else if (isKnown(settled, workspace, ids)) {
          duplicates += 1
        }
      }
      index += 1
    }
    const rulings = said.length + verified.length > 0 ? { verified: verified.length === index || verified, said } : null
    return { errors, ignored, duplicates, quarantined, ids, rulings }
  }

  /** Whether an event was taken before; one that was not adds its ids. */
  function isKnown({ calls }: Extract<Item, { calls: unknown }>, workspace: string, ids: Set<string>): boolean {
    let known = 0
    for (const { raw } of calls) {
      const messageId = messageIdOf(raw)
      if (messageId === null) continue
      if (ids.has(messageId) || recentIds.has(workspace, messageId)) known += 1
      else ids.add(messageId)
    }
    return known > 0 && known === calls.length
  }
}

export type ReadIncoming = ReturnType<typeof createIngest>

/** What is known of an event before it has a place in the log. */
type Acceptance = Omit<Arrival, 'verified'>

type Said = Rulings['said'][number]

interface Verdict {
  errors: EventError[]
  ignored: { index: number; code: IgnoredReason }[]
  duplicates: number
  /** Those of `errors` that are kept. */
  quarantined: number
  /** The ids that are new. */
  ids: ReadonlySet<string>
  rulings: Rulings | null
}

const reasonOf = ({ code, message }: Refusal) => ({ code, message })

function answerOf(received: number, { errors, ignored, duplicates, quarantined }: Verdict): SourceAnswer {
  const rejected = errors.length
  return {
    received,
    accepted: received - rejected - ignored.length,
    duplicates,
    rejected,
    ...(ignored.length > 0 && { ignored: ignored.length, ignoredReasons: ignored }),
    ...(quarantined > 0 && { quarantined }),
    ...(rejected > 0 && { errors }),
  }
}

const proofOf = ({ verified }: Sender, isSigned: boolean): Pick<RequestFacts, 'verified'> =>
  verified || isSigned ? { verified: true } : {}

const bodyOf = ({ body }: FastifyRequest) => (Buffer.isBuffer(body) ? body : Buffer.alloc(0))

/** Before an address of IPv4 that came in by IPv6: https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2 */
const MAPPED = /^::ffff:(?=\d+\.)/i

/** What the request itself says of its sender. */
export function factsOf({ ip, headers }: FastifyRequest): RequestFacts {
  return { ip: ip?.replace(MAPPED, ''), userAgent: headers['user-agent'], fromBrowser: headers.origin !== undefined }
}
