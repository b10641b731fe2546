import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Keys } from './auth.ts'
import { isWhat, refused } from './errors.ts'
import { type Parameters, parametersOf } from './parameters.ts'
import { FILTERS, filterOf } from './read-api.ts'
import type { Audience, LiveEvent, LiveFilter, LivePlace, LiveRejected, PageQueries } from './store/page-port.ts'

/** Rows of one look into the store: what is read ahead of a slow reader. */
const LOOK_ROWS = 200

/** The past that can be asked for. */
const LAST_MAX = 1000

/** Streams at once: each costs a look into the store a commit. */
const READERS_MAX = 100

/** Proxies close what is silent for a minute. */
const HEARTBEAT_MS = 15_000

/** How soon an EventSource tries again. */
const RETRY_MS = 1000

const PLACE = /^(\d{1,15})-(\d{1,15})$/

export interface LiveParts {
  keys: Pick<Keys, 'admin'>
  queries: Pick<PageQueries, 'liveAfter' | 'livePlace'>
  oneWorkspace: boolean
}

/**
 * `GET /api/v1/live`: what is stored, as server-sent events, from the moment on that it is. A stream holds nothing but
 * its place in the store: a reader that is slow or was away gets the rest from there, and costs no memory meanwhile.
 */
export function createLive({ keys, queries, oneWorkspace }: LiveParts) {
  const readers = new Set<{ wake(): void; end(): void }>()

  function open(request: FastifyRequest, reply: FastifyReply): void {
    const { name } = keys.admin(request.headers)
    const parameters = parametersOf(request, ['last', 'after', 'who', ...FILTERS])
    const filter = liveFilterOf(parameters)
    const audience: Audience = { workspace: name, alsoUnknown: oneWorkspace }
    const place = placeOf(request, parameters) ?? queries.livePlace(audience, filter, lastOf(parameters))
    if (readers.size >= READERS_MAX) throw refused('too_many_readers', READERS_MAX)

    reply.hijack()
    const response = reply.raw
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // nginx would hold it back.
      'x-accel-buffering': 'no',
    })
    // A place at once: who loses the connection before the first event goes on from here.
    response.write(`retry: ${RETRY_MS}\nid: ${idOf(place)}\nevent: ready\ndata: {}\n\n`)
    start(response, audience, filter, place)
  }

  function start(response: ServerResponse, audience: Audience, filter: LiveFilter, from: LivePlace): void {
    let place = from
    let blocked = false
    let scheduled = false

    const look = () => {
      scheduled = false
      if (blocked || response.destroyed) return
      const { events, rejected, upTo, more } = queries.liveAfter(audience, filter, place, LOOK_ROWS)
      const text = messagesOf(events, rejected, place, upTo)
      place = upTo
      blocked = text !== '' && !response.write(text)
      if (more) schedule()
    }
    /** By turns: a long past of one reader does not keep the others, or senders, waiting. */
    const schedule = () => {
      if (scheduled) return
      scheduled = true
      setImmediate(() => {
        try {
          look()
        } catch (error) {
          process.stderr.write(`airhop-ingest: a live stream ended: ${(error as Error).message}\n`)
          response.destroy()
        }
      })
    }
    response.on('drain', () => {
      blocked = false
      schedule()
    })
    const heartbeat = setInterval(() => blocked || response.write(':\n\n'), HEARTBEAT_MS)
    const end = () => {
      response.end()
      // Kept alive, it would hold up the end of the server.
      response.socket?.destroySoon()
    }
    const reader = { wake: schedule, end }
    readers.add(reader)
    response.once('close', () => {
      clearInterval(heartbeat)
      readers.delete(reader)
    })
    schedule()
  }

  return {
    open,
    /** Something was stored. */
    wake(): void {
      for (const { wake } of readers) wake()
    },
    readers: () => readers.size,
    /** Ends all streams, so that the server can close. */
    close(): void {
      for (const { end } of readers) end()
    },
  }
}

export type Live = ReturnType<typeof createLive>

const idOf = ({ event, rejected }: LivePlace) => `${event}-${rejected}`

/** Rejections first: they are few, and a cut between the two repeats nothing. The last message has the place of all. */
function messagesOf(
  events: readonly LiveEvent[],
  rejected: readonly LiveRejected[],
  from: LivePlace,
  upTo: LivePlace,
): string {
  const lines: string[] = []
  const say = (kind: string, place: LivePlace, data: string) =>
    lines.push(`id: ${idOf(place)}\nevent: ${kind}\ndata: ${data}\n\n`)
  for (const { receivedAtMs, ...row } of rejected) {
    const data = { receivedAt: new Date(receivedAtMs).toISOString(), ...row }
    say('rejected', { event: from.event, rejected: row.id }, JSON.stringify(data))
  }
  events.forEach(({ id, storedAtMs, json }, at) => {
    const place = at === events.length - 1 ? upTo : { event: id, rejected: upTo.rejected }
    // JSON has no line breaks of its own: a message is one line.
    say('event', place, `{"id":${id},"storedAt":${isoOf(storedAtMs)},"event":${json}}`)
  })
  return lines.join('')
}

const isoOf = (ms: number | null) => (ms === null ? 'null' : `"${new Date(ms).toISOString()}"`)

function liveFilterOf(parameters: Parameters): LiveFilter {
  const who = parameters.get('who')
  return { ...filterOf(parameters), ...(who !== undefined && { who }) }
}

/** `Last-Event-ID`, as a browser says it that comes again, or `after`, for who cannot set headers. */
function placeOf({ headers }: FastifyRequest, parameters: Parameters): LivePlace | undefined {
  const header = headers['last-event-id']
  const said = typeof header === 'string' && header !== '' ? header : parameters.get('after')
  if (said === undefined) return undefined
  const match = PLACE.exec(said)
  if (!match) {
    throw refused(
      'invalid_parameter',
      'Last-Event-ID',
      `must be an id of this stream, such as 12-3; it ${isWhat(said)}`,
    )
  }
  return { event: Number(match[1]), rejected: Number(match[2]) }
}

function lastOf(parameters: Parameters): number {
  const said = parameters.get('last') ?? '0'
  const last = Number(said)
  if (!Number.isInteger(last) || last < 0 || last > LAST_MAX) {
    throw refused('invalid_parameter', 'last', `must be a number from 0 to ${LAST_MAX}; it ${isWhat(said)}`)
  }
  return last
}
