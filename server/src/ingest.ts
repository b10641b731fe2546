import type { FastifyRequest } from 'fastify'
import type { BatchAnswer, EventError } from '../../src/wire.ts'
import type { Keys } from './auth.ts'
import { decompress, parseJson } from './body.ts'
import { checkCall, messageIdOf } from './check.ts'
import { RequestRefused, refused } from './errors.ts'
import { type Log, LogFull, LogUnavailable, type RequestFacts } from './log/port.ts'
import type { RecentIds } from './recent-ids.ts'
import { callsOf, type Delivery } from './sources/delivery.ts'
import { type NativeDoor, readNative } from './sources/native.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What is known so far of a request that brings events, for the record if it is refused. */
    arrival: { workspace: string | null; body: Buffer } | null
  }
}

export interface IngestParts {
  keys: Pick<Keys, 'writerByRequest' | 'writerByBody'>
  log: Pick<Log, 'append'>
  /** Ids that are durable, as `<workspace>\n<messageId>`. */
  recentIds: RecentIds
  now: () => number
}

/**
 * The way of a request from the wire to the log: who → what → verdict per event → durable → answer. Throws
 * `RequestRefused` for what is not taken as a whole.
 */
export function createIngest({ keys, log, recentIds, now }: IngestParts) {
  return async function ingest(door: NativeDoor, request: FastifyRequest): Promise<BatchAnswer> {
    const receivedAtMs = now()
    const received = bodyOf(request)
    const encoding = request.headers['content-encoding'] ?? null
    const arrival = { workspace: null as string | null, body: received }
    request.arrival = arrival

    const known = keys.writerByRequest(request)
    arrival.workspace = known?.name ?? null
    const body = decompress(received, encoding)
    arrival.body = body
    const json = parseJson(body, encoding)
    const workspace = (known ?? keys.writerByBody(json)).name
    arrival.workspace = workspace

    const delivery = readNative(door, json)
    const verdict = judge(delivery, workspace)
    if (delivery.events > 0) {
      const facts = factsOf(request)
      const bytes = { encoding, body: received, bodyBytes: body.length }
      const entry = { source: 'http' as const, door, receivedAtMs, workspace, facts, ...bytes, events: delivery.events }
      await log.append([{ ...entry, refusal: null }]).catch(refuseByLog)
      for (const id of verdict.ids) recentIds.add(id)
    }
    return answerOf(delivery.events, verdict)
  }

  /** Which calls are good, and which of those were taken before. */
  function judge(delivery: Delivery, workspace: string): Verdict {
    const errors: EventError[] = []
    const ids = new Set<string>()
    let duplicates = 0
    let index = 0
    for (const call of callsOf(delivery)) {
      const refusal = checkCall(call)
      const messageId = messageIdOf(call.raw)
      if (refusal) {
        if (delivery.doorType) throw new RequestRefused(refusal)
        errors.push({ index, messageId, code: refusal.code, message: refusal.message })
      } else if (messageId !== null) {
        const id = `${workspace}\n${messageId}`
        if (ids.has(id) || recentIds.has(id)) duplicates += 1
        else ids.add(id)
      }
      index += 1
    }
    return { errors, duplicates, ids }
  }
}

interface Verdict {
  errors: EventError[]
  duplicates: number
  /** The ids that are new. */
  ids: ReadonlySet<string>
}

function answerOf(received: number, { errors, duplicates }: Verdict): BatchAnswer {
  const answer = { received, accepted: received - errors.length, duplicates, rejected: errors.length }
  return errors.length > 0 ? { ...answer, errors } : answer
}

const bodyOf = ({ body }: FastifyRequest) => (Buffer.isBuffer(body) ? body : Buffer.alloc(0))

/** What the request itself says of its sender. */
export function factsOf({ ip, headers }: FastifyRequest): RequestFacts {
  return { ip, userAgent: headers['user-agent'], fromBrowser: headers.origin !== undefined }
}

function refuseByLog(error: unknown): never {
  if (error instanceof LogFull) throw refused('rate_limited', error.message)
  if (error instanceof LogUnavailable) throw refused('unavailable')
  throw error
}
