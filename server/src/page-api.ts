import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Keys, sessionCookie, type Workspace } from './auth.ts'
import { isWhat, refused } from './errors.ts'
import type { Log } from './log/port.ts'
import type { Meter } from './meter.ts'
import { createFigures, type MetricsParts } from './metrics.ts'
import { parametersOf } from './parameters.ts'
import type { SlowQueries } from './reader.ts'
import { sentAt } from './replay.ts'
import type { Sightings } from './sightings.ts'
import { HOUR_MS } from './store/catalogue.ts'
import type { CatalogueField, LiveRejected, PageQueries } from './store/page-port.ts'

/** What is shown of a request's raw call; more is of no use to a reader, and may be 4 MiB. */
const RAW_CHARS = 64 * 1024

export interface PageApiParts extends MetricsParts {
  keys: Pick<Keys, 'admin' | 'beginSession'>
  queries: MetricsParts['queries'] & PageQueries
  slow: Pick<SlowQueries, 'catalogue'>
  log: MetricsParts['log'] & Pick<Log, 'entryAt'>
  meter: Meter
  sightings: Pick<Sightings, 'all'>
  now(): number
  oneWorkspace: boolean
  partition: number
}

/** What the live page asks besides the read API. Everything here needs the admin token or its session. */
export function createPageApi(parts: PageApiParts) {
  const { keys, queries, slow, log, now, oneWorkspace, partition } = parts
  const figures = createFigures(parts)
  const audienceOf = ({ name }: Workspace) => ({ workspace: name, alsoUnknown: oneWorkspace })

  const accountOf = ({ name, writeKeys }: Workspace) => ({ workspace: name, writeKeys, version: parts.version })

  return {
    /** `POST /api/v1/session`: the token once, then a cookie. */
    async begin(request: FastifyRequest, reply: FastifyReply) {
      const { workspace, session } = keys.beginSession(request.headers)
      reply.headers({ 'set-cookie': sessionCookie(session, isSecure(request)), 'cache-control': 'no-store' })
      return accountOf(workspace)
    },

    async end(request: FastifyRequest, reply: FastifyReply) {
      reply.header('set-cookie', sessionCookie('', isSecure(request)))
      return reply.code(204).send()
    },

    /** `GET /api/v1/session` → `{ workspace, writeKeys, version }` */
    session: private_(({ headers }) => accountOf(keys.admin(headers))),

    /** `GET /api/v1/health`: /health, and the figures of /metrics with the last ten minutes second by second. */
    health: private_(({ headers }) => {
      keys.admin(headers)
      return { ...figures(), series: parts.meter.series() }
    }),

    /** `GET /api/v1/sightings`: sites that asked for airhop.js or sent something, last one first. They say no key, so only of a server with one workspace. */
    sightings: private_(({ headers }) => {
      keys.admin(headers)
      const sites = oneWorkspace ? parts.sightings.all() : []
      return {
        sightings: sites.map(({ site, scriptAtMs, sentAtMs }) => ({
          site,
          scriptAt: isoOf(scriptAtMs),
          sentAt: isoOf(sentAtMs),
        })),
      }
    }),

    /** `GET /api/v1/refusals`: what was not taken, by reason, with examples. */
    refusals: private_(({ headers }) => {
      const groups = queries.refusals(audienceOf(keys.admin(headers)))
      return {
        refusals: groups.map(({ firstAtMs, lastAtMs, examples, ...group }) => ({
          ...group,
          firstAt: isoOf(firstAtMs),
          lastAt: isoOf(lastAtMs),
          examples: examples.map(exampleOf),
        })),
        notRecorded: parts.refusals.leftOut(),
      }
    }),

    /** `GET /api/v1/catalogue`: every name with its last 24 hours, and what is wrong with it. */
    catalogue: private_(async ({ headers }) => {
      const names = await slow.catalogue(keys.admin(headers).name, now())
      return {
        names: names.map(({ type, name, events, firstAtMs, lastAtMs, ...listed }) => ({
          type,
          name,
          events,
          firstSeen: isoOf(firstAtMs),
          lastSeen: isoOf(lastAtMs),
          ...listed,
        })),
      }
    }),

    /** `GET /api/v1/catalogue/name?type=&name=`: how many there are, its properties with their types and examples, and a month of hours. */
    name: private_((request) => {
      const { name: workspace } = keys.admin(request.headers)
      const parameters = parametersOf(request, ['type', 'name'])
      const type = parameters.get('type') ?? 'track'
      const name = parameters.get('name') ?? ''
      const [found] = queries.catalogue(workspace, { type, name })
      const fields = queries.fields(workspace, { type, name }).get(`${type}\n${name}`) ?? []
      const hours = found ? [...found.hours].sort(([left], [right]) => left - right) : []
      return {
        type,
        name,
        events: found?.events ?? 0,
        hours: hours.map(([hour, events]) => ({ at: isoOf(hour * HOUR_MS), events })),
        fields: fields.map(fieldOf),
      }
    }),

    /** `GET /api/v1/inspect?messageId=`: an event with all that is known of how it came. */
    inspect: private_(async (request) => {
      const { name: workspace } = keys.admin(request.headers)
      const messageId = parametersOf(request, ['messageId']).get('messageId')
      if (messageId === undefined)
        throw refused('invalid_parameter', 'messageId', `is required; it ${isWhat(undefined)}`)
      const found = queries.inspect(workspace, messageId)
      if (!found) throw refused('unknown_message', messageId)
      const { position, place, storedAtMs, json, repeats, lastRepeatAtMs } = found
      return {
        event: JSON.parse(json),
        storedAt: isoOf(storedAtMs),
        duplicates: { count: repeats, lastAt: isoOf(lastRepeatAtMs) },
        request: position === null || place === null ? null : await requestAt(position, place),
      }
    }),
  }

  /** Null when the log has let go of it. */
  async function requestAt(position: number, place: number) {
    const entry = await log.entryAt(partition, position)
    const sent = entry && sentAt(entry, place)
    if (!entry || !sent) return null
    const { source, door, receivedAtMs, encoding, bodyBytes, events } = entry
    const { batch: _, ...envelope } = sent.envelope
    return {
      source,
      door,
      receivedAt: isoOf(receivedAtMs),
      encoding,
      bytes: bodyBytes,
      receivedBytes: entry.body.length,
      events,
      place,
      call: cut(sent.call),
      envelope: cut(envelope),
    }
  }
}

export type PageApi = ReturnType<typeof createPageApi>

/** Answers that no cache may keep. */
function private_<Answer>(answer: (request: FastifyRequest) => Answer) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('cache-control', 'no-store')
    return answer(request)
  }
}

/** A proxy before it says so. */
const isSecure = ({ headers, protocol }: FastifyRequest) =>
  protocol === 'https' || headers['x-forwarded-proto'] === 'https'

const isoOf = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())

/** As JSON text: what is too long is cut, and then no longer JSON. */
const cut = (value: unknown) => {
  const json = JSON.stringify(value, null, 2)
  return json.length > RAW_CHARS ? `${json.slice(0, RAW_CHARS)}…` : json
}

const exampleOf = ({ receivedAtMs, ...row }: Omit<LiveRejected, 'code'>) => ({
  receivedAt: isoOf(receivedAtMs),
  ...row,
})

const fieldOf = ({ firstAtMs, lastAtMs, ...field }: CatalogueField) => ({
  ...field,
  firstSeen: isoOf(firstAtMs),
  lastSeen: isoOf(lastAtMs),
})
