import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ID_MAX_CHARS } from '../../src/limits.ts'
import type { Keys } from './auth.ts'
import { isObject } from './check.ts'
import { isWhat, refused } from './errors.ts'
import type { Orders } from './orders.ts'
import { badCursor, PAGING, type Parameters, pagingOf, parametersOf, placeOf, sizeOf } from './parameters.ts'
import type { SlowQueries } from './reader.ts'
import { DAY_MS } from './store/days.ts'
import type { Moment, Outcome, PersonKey, Queries } from './store/queries-port.ts'

const SEARCH_MIN_CHARS = 2

/** How far back the activity of an account is told. */
const ACTIVITY_DAYS = 30

/** Events read at a time for an export; each time is one look at the file, and lets other requests in between. */
const EXPORT_PAGE = 500

/** A place in a timeline: ms since the epoch and the event's number. */
const MOMENT = /^(-?\d{1,16})\.(\d{1,15})$/

const EXPORT_KINDS = { userId: 'user', anonymousId: 'anonymous', email: 'email' } as const

export interface PeopleApiParts {
  keys: Pick<Keys, 'admin'>
  queries: Queries
  slow: SlowQueries
  orders: Orders
  now: () => number
}

/** What the holder of an admin token reads of people and accounts, and does about them: docs/read-api.md. */
export function createPeopleApi({ keys, queries, slow, orders, now }: PeopleApiParts) {
  return {
    /** `GET /api/v1/profiles/:id` */
    profile(request: FastifyRequest, reply: FastifyReply) {
      const { name } = keys.admin(request.headers)
      parametersOf(request, [])
      const id = idOf(request)
      return fresh(reply).send(queries.profile(name, anyKind(id)) ?? unknownProfile(id))
    },

    /** `GET /api/v1/profiles` → `{ profiles, next, cursor }` */
    async profiles(request: FastifyRequest, reply: FastifyReply) {
      const { name } = keys.admin(request.headers)
      const parameters = parametersOf(request, [...PAGING, 'search'])
      const paging = pagingOf(parameters)
      const search = searchOf(parameters)
      // All that begins alike is found before it can be put in order.
      const asked = search === undefined ? queries : slow
      const { items, last, more } = await asked.profiles(name, search, paging)
      return fresh(reply).send({ profiles: items, ...placeOf(last, more, paging) })
    },

    /** `GET /api/v1/profiles/:id/events` → `{ events, next, cursor }` */
    timeline(request: FastifyRequest, reply: FastifyReply) {
      const { name } = keys.admin(request.headers)
      const parameters = parametersOf(request, [...PAGING, 'event'])
      const id = idOf(request)
      const after = momentOf(parameters)
      const paging = { after, ...sizeOf(parameters), ...eventOf(parameters) }
      const { items, last = after, more } = queries.timeline(name, anyKind(id), paging) ?? unknownProfile(id)
      const cursor = last ? `${last.atMs}.${last.event}` : null
      return fresh(reply)
        .type('application/json; charset=utf-8')
        .send(
          `{"events":[${items.join(',')}],"next":${JSON.stringify(more ? cursor : null)},"cursor":${JSON.stringify(cursor)}}`,
        )
    },

    /** `POST /api/v1/profiles/:id/split` → `{ profile, separated }` */
    async split(request: FastifyRequest, reply: FastifyReply) {
      const { name } = keys.admin(request.headers)
      parametersOf(request, [])
      const id = idOf(request)
      const ids = idsOf(request.body)
      const before = queries.known(name, anyKind(id))
      for (const wanted of before ? ids : []) {
        const [own, ...merged] = before!.ids
        if (merged.some((each) => each.id === wanted)) continue
        throw refused(
          'invalid_parameter',
          'ids',
          `must be ids that were merged into \`${own!.id}\`; \`${wanted}\` was not`,
        )
      }
      const outcome = done(await orders({ do: 'split', workspace: name, id, ids }), 'split')
      const profile = queries.profile(name, anyKind(before?.profile.id ?? id))
      const separated = outcome.separated.map((key) => queries.profile(name, anyKind(key)))
      return fresh(reply).send({ profile, separated })
    },

    /** `DELETE /api/v1/profiles/:id` */
    async erase(request: FastifyRequest, reply: FastifyReply) {
      const { name } = keys.admin(request.headers)
      parametersOf(request, [])
      const { done: _, ...erased } = done(await orders({ do: 'erase', workspace: name, id: idOf(request) }), 'erased')
      return fresh(reply).send({ erased: true, ...erased })
    },

    /** `GET /api/v1/accounts/:id` */
    async account(request: FastifyRequest, reply: FastifyReply) {
      const { name } = keys.admin(request.headers)
      const paging = pagingOf(parametersOf(request, ['after', 'limit']))
      const toDay = Math.floor(now() / DAY_MS)
      const id = idOf(request)
      const account = await slow.account(name, id, paging, { fromDay: toDay - ACTIVITY_DAYS + 1, toDay })
      if (!account) throw refused('unknown_account', id)
      const { items, last, more } = account.members
      return fresh(reply).send({ ...account, members: items, ...placeOf(last, more, paging) })
    },

    /** `GET /api/v1/accounts` → `{ accounts, next, cursor }` */
    async accounts(request: FastifyRequest, reply: FastifyReply) {
      const { name } = keys.admin(request.headers)
      const parameters = parametersOf(request, ['after', 'limit', 'search'])
      const after = parameters.get('after')
      const { limit } = sizeOf(parameters)
      const { items, more } = await slow.accounts(name, searchOf(parameters), { after, limit })
      const cursor = items.at(-1)?.id ?? after ?? null
      return fresh(reply).send({ accounts: items, next: more ? cursor : null, cursor })
    },

    /** `GET /api/v1/export`: canonical events, one a line. */
    export(request: FastifyRequest, reply: FastifyReply) {
      const { name } = keys.admin(request.headers)
      const parameters = parametersOf(request, ['format', ...Object.keys(EXPORT_KINDS)])
      const format = parameters.get('format') ?? 'ndjson'
      if (format !== 'ndjson') throw refused('invalid_parameter', 'format', `must be \`ndjson\`; it ${isWhat(format)}`)
      const key = personOf(request, parameters)
      if (key && !queries.profile(name, key)) throw unknown(key.id)
      const pages = key ? timelinePages(name, key) : allPages(name)
      return fresh(reply).type('application/x-ndjson').send(Readable.from(pages))
    },
  }

  function* timelinePages(workspace: string, key: PersonKey): Generator<string, void, undefined> {
    for (let after: Moment | undefined, more = true; more; ) {
      const page = queries.timeline(workspace, key, { after, limit: EXPORT_PAGE, order: 'asc' })
      if (!page || page.items.length === 0) return
      yield `${page.items.join('\n')}\n`
      after = page.last
      more = page.more
    }
  }

  function* allPages(workspace: string): Generator<string, void, undefined> {
    for (let after: number | undefined, more = true; more; ) {
      const page = queries.events(workspace, {}, { after, limit: EXPORT_PAGE, order: 'asc' })
      if (page.items.length === 0) return
      yield `${page.items.join('\n')}\n`
      after = page.last
      more = page.more
    }
  }
}

const fresh = (reply: FastifyReply) => reply.header('cache-control', 'no-store')

const anyKind = (id: string): PersonKey => ({ kind: 'any', id })

const unknown = (id: string) => refused('unknown_profile', id)

function unknownProfile(id: string): never {
  throw unknown(id)
}

const idOf = ({ params }: FastifyRequest) => (params as { id: string }).id

const eventOf = (parameters: Parameters) => {
  const event = parameters.get('event')
  return event === undefined ? {} : { event }
}

function searchOf(parameters: Parameters): string | undefined {
  const search = parameters.get('search')?.trim()
  if (search === undefined || (search.length >= SEARCH_MIN_CHARS && search.length <= ID_MAX_CHARS)) return search
  const limits = `must have ${SEARCH_MIN_CHARS} to ${ID_MAX_CHARS} characters`
  throw refused('invalid_parameter', 'search', `${limits}; it has ${search.length}`)
}

function momentOf(parameters: Parameters): Moment | undefined {
  const after = parameters.get('after')
  if (after === undefined) return undefined
  const [, atMs, event] = MOMENT.exec(after) ?? []
  if (atMs === undefined) throw badCursor(after)
  return { atMs: Number(atMs), event: Number(event) }
}

/** Whom an export is of. An id that is there and blank is nobody's: it could come to the export of everybody. */
function personOf({ query }: FastifyRequest, parameters: Parameters): PersonKey | undefined {
  const blank = Object.keys(EXPORT_KINDS).find((name) => (query as Record<string, unknown>)[name] === '')
  if (blank !== undefined) throw refused('invalid_parameter', blank, 'must be an id; leave it out to export all')
  const said = Object.entries(EXPORT_KINDS).flatMap(([name, kind]) => {
    const id = parameters.get(name)
    return id === undefined ? [] : [{ name, kind, id }]
  })
  if (said.length > 1) throw refused('invalid_parameter', said[1]!.name, `cannot stand beside \`${said[0]!.name}\``)
  return said[0]
}

/** The `ids` of a body; none where there is no body. One that is not understood could mean all of them, and is refused. */
function idsOf(body: unknown): string[] {
  const text = Buffer.isBuffer(body) ? body.toString('utf8').trim() : ''
  if (text === '') return []
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw refused('malformed_json', (error as Error).message)
  }
  const { ids, ...others } = isObject(json) ? json : { ids: json }
  const [other] = Object.keys(others)
  if (other !== undefined) throw refused('invalid_parameter', other, 'is not known here: ids is')
  if (ids === undefined) return []
  if (!Array.isArray(ids)) throw refused('invalid_parameter', 'ids', `must be an array of ids; it ${isWhat(ids)}`)
  if (ids.length === 0) throw refused('invalid_parameter', 'ids', 'must have an id; leave it out to take out all')
  const bad = ids.findIndex((id) => typeof id !== 'string')
  if (bad !== -1) throw refused('invalid_parameter', `ids[${bad}]`, `must be an id; it ${isWhat(ids[bad])}`)
  return ids
}

type Done = Exclude<Outcome['done'], 'nothing'>

function done<Wanted extends Done>(outcome: Outcome, wanted: Wanted): Extract<Outcome, { done: Wanted }> {
  if (outcome.done === wanted) return outcome as Extract<Outcome, { done: Wanted }>
  if (outcome.done === 'nothing' && outcome.because === 'not_merged') throw refused('not_merged', outcome.id)
  throw unknown(outcome.id)
}
