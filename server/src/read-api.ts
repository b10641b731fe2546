import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Keys } from './auth.ts'
import { EVENT_TYPES } from './check.ts'
import { isWhat, refused } from './errors.ts'
import { SOURCES } from './log/port.ts'
import { PAGING, type Parameters, pagingOf, parametersOf, placeOf } from './parameters.ts'
import type { SlowQueries } from './reader.ts'
import { isoDay } from './store/days.ts'
import type { EventFilter, Queries } from './store/queries-port.ts'

export const FILTERS = ['userId', 'anonymousId', 'event', 'type', 'source', 'messageId'] as const

export interface ReadApiParts {
  keys: Pick<Keys, 'admin'>
  queries: Queries
  slow: SlowQueries
  /** Whether there is only one workspace, so that what came without a known key must be for it. */
  oneWorkspace: boolean
}

/** What the holder of an admin token reads of its workspace. Every parameter is checked; one that is not known is refused. */
export function createReadApi({ keys, queries, slow, oneWorkspace }: ReadApiParts) {
  return {
    /** `GET /api/v1/events` → `{ events, next, cursor }`. */
    async events(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const workspace = keys.admin(request.headers)
      const parameters = parametersOf(request, [...PAGING, ...FILTERS])
      const paging = pagingOf(parameters)
      const filter = filterOf(parameters)
      // By these it looks at every event until enough are found.
      const isScan = filter.type !== undefined || filter.source !== undefined
      const { items, last, more } = await (isScan ? slow : queries).events(workspace.name, filter, paging)
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

    /** `GET /api/v1/losses` → `{ losses }`: what airhop.js dropped in browsers, by reason. */
    losses(request: FastifyRequest, reply: FastifyReply): FastifyReply {
      const { name } = keys.admin(request.headers)
      parametersOf(request, [])
      const losses = queries.losses(name).map(({ firstAtMs, lastAtMs, days, ...group }) => ({
        ...group,
        firstSeen: new Date(firstAtMs).toISOString(),
        lastSeen: new Date(lastAtMs).toISOString(),
        days: days.map(({ day, ...counts }) => ({ day: isoDay(day), ...counts })),
      }))
      return reply.header('cache-control', 'no-store').send({ losses })
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

export function filterOf(parameters: Parameters): EventFilter {
  const filter: EventFilter = {}
  for (const name of FILTERS) {
    const value = parameters.get(name)
    if (value !== undefined) filter[name] = value
  }
  for (const [name, known] of Object.entries(CLOSED)) {
    const value = parameters.get(name)
    if (value === undefined || known.includes(value)) continue
    throw refused('invalid_parameter', name, `must be one of ${known.join(', ')}; it ${isWhat(value)}`)
  }
  return filter
}

/** Filters of which all values are known. */
const CLOSED: { readonly [name: string]: readonly string[] } = { type: EVENT_TYPES, source: SOURCES }
