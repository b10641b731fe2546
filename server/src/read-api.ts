import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Keys } from './auth.ts'
import { isEventType } from './check.ts'
import { isWhat, refused } from './errors.ts'
import type { EventFilter, Paging, Queries } from './store/port.ts'

const LIMIT_DEFAULT = 100
const LIMIT_MAX = 1000

const PAGING = ['after', 'limit', 'order']
const FILTERS = ['userId', 'anonymousId', 'event', 'type', 'source', 'messageId'] as const

/** A place in a listing, as its reader sees it: digits that fit a double. */
const CURSOR = /^\d{1,15}$/

export interface ReadApiParts {
  keys: Pick<Keys, 'admin'>
  queries: Queries
  /** Whether there is only one workspace, so that what came without a known key must be for it. */
  oneWorkspace: boolean
}

/** What the holder of an admin token reads of its workspace. Every parameter is checked; one that is not known is refused. */
export function createReadApi({ keys, queries, oneWorkspace }: ReadApiParts) {
  return {
    /** `GET /api/v1/events` → `{ events, next, cursor }`. */
    events(request: FastifyRequest, reply: FastifyReply): FastifyReply {
      const workspace = keys.admin(request.headers)
      const parameters = parametersOf(request, [...PAGING, ...FILTERS])
      const paging = pagingOf(parameters)
      const { items, last, more } = queries.events(workspace.name, filterOf(parameters), paging)
      // They are JSON already.
      const events = `[${items.join(',')}]`
      return reply
        .type('application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(`{"events":${events},${JSON.stringify(placeOf(last, more, paging)).slice(1)}`)
    },

    /** `GET /api/v1/rejected` → `{ rejected, next, cursor }`. */
    rejected(request: FastifyRequest, reply: FastifyReply): FastifyReply {
      const workspace = keys.admin(request.headers)
      const paging = pagingOf(parametersOf(request, PAGING))
      const { items, last, more } = queries.rejected(workspace.name, oneWorkspace, paging)
      const rejected = items.map(({ receivedAtMs, ...row }) => ({
        receivedAt: new Date(receivedAtMs).toISOString(),
        ...row,
      }))
      return reply.header('cache-control', 'no-store').send({ rejected, ...placeOf(last, more, paging) })
    },

    /** `GET /api/v1/quarantine` → `{ held, expired, quarantined, next, cursor }`. */
    quarantine(request: FastifyRequest, reply: FastifyReply): FastifyReply {
      const workspace = keys.admin(request.headers)
      const paging = pagingOf(parametersOf(request, PAGING))
      const { items, last, more } = queries.quarantined(workspace.name, paging)
      const quarantined = items.map(({ message, json }) => ({ message, event: JSON.parse(json) as unknown }))
      const counts = queries.quarantine(workspace.name)
      return reply.header('cache-control', 'no-store').send({ ...counts, quarantined, ...placeOf(last, more, paging) })
    },
  }
}

export type ReadApi = ReturnType<typeof createReadApi>

/** `next` is there while there is more; `cursor` is where a reader that polls goes on, also at the end. */
function placeOf(last: number | undefined, more: boolean, { after }: Paging) {
  const place = last ?? after
  const cursor = place === undefined ? null : String(place)
  return { next: more ? cursor : null, cursor }
}

type Parameters = ReadonlyMap<string, string>

function parametersOf(request: FastifyRequest, known: readonly string[]): Parameters {
  const parameters = new Map<string, string>()
  for (const [name, value] of Object.entries(request.query as Record<string, unknown>)) {
    if (!known.includes(name)) throw refused('invalid_parameter', name, `is not known here: ${known.join(', ')} are`)
    if (typeof value !== 'string') throw refused('invalid_parameter', name, 'must be there once')
    // `?userId=` says nothing, like an empty field of a form.
    if (value !== '') parameters.set(name, value)
  }
  return parameters
}

function pagingOf(parameters: Parameters): Paging {
  const after = parameters.get('after')
  if (after !== undefined && !CURSOR.test(after)) {
    throw refused(
      'invalid_parameter',
      'after',
      `must be a \`next\` or \`cursor\` of an earlier answer; it ${isWhat(after)}`,
    )
  }
  const limit = Number(parameters.get('limit') ?? LIMIT_DEFAULT)
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    throw refused(
      'invalid_parameter',
      'limit',
      `must be a number from 1 to ${LIMIT_MAX}; it ${isWhat(parameters.get('limit'))}`,
    )
  }
  const order = parameters.get('order') ?? 'asc'
  if (order !== 'asc' && order !== 'desc') {
    throw refused('invalid_parameter', 'order', `must be \`asc\` or \`desc\`; it ${isWhat(order)}`)
  }
  return { after: after === undefined ? undefined : Number(after), limit, order }
}

function filterOf(parameters: Parameters): EventFilter {
  const filter: EventFilter = {}
  for (const name of FILTERS) {
    const value = parameters.get(name)
    if (value !== undefined) filter[name] = value
  }
  if (filter.type !== undefined && !isEventType(filter.type)) {
    throw refused('invalid_parameter', 'type', `must be a type of event; it ${isWhat(filter.type)}`)
  }
  return filter
}
