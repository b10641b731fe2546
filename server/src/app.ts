import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { ID_MAX_CHARS, REQUEST_MAX_BYTES } from '../../src/limits.ts'
import { createAdmission } from './admission.ts'
import { discardBody, refusalOf, refuseConnection, sendRefusal } from './answers.ts'
import { cors } from './cors.ts'
import { type CountsApiParts, createCountsApi } from './counts-api.ts'
import { DOORS, type Door, hogsendRefusal } from './doors.ts'
import { type Refusal, refuse } from './errors.ts'
import { createHealth } from './health.ts'
import { createHogsendApi, type HogsendApiParts } from './hogsend-api.ts'
import { createIngest, factsOf, type Incoming, type IngestParts } from './ingest.ts'
import type { Live } from './live.ts'
import { createMetrics } from './metrics.ts'
import { createPageApi, type PageApiParts } from './page-api.ts'
import { servePage } from './page-files.ts'
import { createPeopleApi, type PeopleApiParts } from './people-api.ts'
import { createQuarantineApi } from './quarantine.ts'
import { createReadApi, type ReadApiParts } from './read-api.ts'
import type { RefusalLog } from './refusal-log.ts'
import { createScriptFile, createSnippet } from './script-file.ts'
import type { Sightings } from './sightings.ts'

/** A request that takes longer to arrive is given up: 4 MiB at 70 kB/s. */
const REQUEST_TIMEOUT_MS = 60_000

const BUILT_SCRIPT = new URL('../dist/airhop.js', import.meta.url)
const JAVASCRIPT = 'text/javascript; charset=utf-8'
/** What is not looked at: https://www.rfc-editor.org/rfc/rfc9110#section-8.3 */
const ANY_BODY = 'application/octet-stream'
const IMMUTABLE = 'public, max-age=31536000, immutable'

/** An id in a path, percent-encoded: 9 characters for a UTF-16 unit at most. */
const PARAMETER_MAX_CHARS = ID_MAX_CHARS * 9

export interface AppParts
  extends IngestParts,
    ReadApiParts,
    PeopleApiParts,
    CountsApiParts,
    PageApiParts,
    HogsendApiParts {
  keys: IngestParts['keys'] & PageApiParts['keys']
  recentIds: IngestParts['recentIds']
  processing: HogsendApiParts['processing'] & PageApiParts['processing']
  log: IngestParts['log'] & PageApiParts['log']
  queries: ReadApiParts['queries'] & PageApiParts['queries']
  slow: ReadApiParts['slow']
  meter: PageApiParts['meter']
  live: Live
  sightings: Sightings
  refusals: RefusalLog
}

declare module 'fastify' {
  interface FastifyContextConfig {
    door?: Door
    /** The body of a refusal, where it is not `{ error: { code, message } }`. */
    refusalBody?: ((refusal: Refusal) => object) | undefined
  }
}

/** All routes, over parts that are open already. It listens to nothing yet. */
export function buildApp(parts: AppParts): FastifyInstance {
  const app = Fastify({
    bodyLimit: REQUEST_MAX_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // What comes on open connections while the server closes is still taken: it is as durable as ever.
    return503OnClosing: false,
    // A host that was pasted with its slash makes two of the one before the path.
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: PARAMETER_MAX_CHARS },
    clientErrorHandler: refuseConnection,
    frameworkErrors: answerError,
  })
  // Content types are ignored: what parses is JSON.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser([ANY_BODY, '*'], { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.decorateRequest('arrival', null)
  app.addHook('onRequest', cors)
  app.setErrorHandler(answerError)
  const methodsOf = new Map<string, string[]>()
  app.addHook('onRoute', ({ url, method }) => {
    methodsOf.set(url, [...(methodsOf.get(url) ?? []), method].flat().sort())
  })
  app.setNotFoundHandler(({ method, url }, reply) => {
    const path = url.split('?', 1)[0]!
    const allowed = methodsOf.get(path.replace(/(?<=.)\/$/, ''))
    if (!allowed) return sendRefusal(reply, refuse('not_found', method, path))
    return sendRefusal(reply.header('allow', allowed.join(', ')), refuse('method_not_allowed', method, path, allowed))
  })

  app.register(async (doors) => {
    const incoming = createIngest(parts)
    const hogsend = createHogsendApi(parts)
    // No promises: each costs a request more than what the hook does.
    doors.addHook('onRequest', ({ headers }, _reply, done) => {
      parts.sightings.sent(headers)
      // Fastify refuses one that it cannot read; we don't look at it.
      headers['content-type'] = ANY_BODY
      done()
    })
    doors.addHook('onRequest', createAdmission())
    doors.setErrorHandler(async (error, request, reply) => {
      const refusal = refusalOf(error, request)
      if (refusal.status === 413) await discardBody(request.raw)
      const { workspace, body } = request.arrival ?? { workspace: null, body: Buffer.alloc(0) }
      parts.meter.refused(refusal.code)
      const { door, refusalBody } = request.routeOptions.config
      const { source, path } = door ?? { source: 'hogsend', path: request.routeOptions.url ?? '' }
      parts.refusals.record({ source, door: path, workspace, facts: factsOf(request), body, refusal })
      return sendRefusal(reply, refusal, refusalBody)
    })
    const answer = async (door: Door, taken: Incoming, request: FastifyRequest, reply: FastifyReply) => {
      // What is kept aside is neither stored nor a contact: the common answer says why.
      if (door.source !== 'hogsend' || taken.quarantined > 0) return { ...(await taken.take()), ...door.answersAlso }
      if (door.door === 'contact') return hogsend.contact(taken)
      if (door.door === 'group') return hogsend.group(taken)
      reply.code(202)
      return hogsend.event(taken, request.headers['idempotency-key'])
    }
    for (const door of DOORS) {
      doors.route({
        method: [...door.methods],
        url: door.path,
        config: { door, refusalBody: door.refusalBody },
        handler: (request, reply) => answer(door, incoming(door, request), request, reply),
      })
      if (door.answersHead) doors.head(door.path, (_request, reply) => reply.send())
    }
    doors.get('/v1/contacts/find', { config: { refusalBody: hogsendRefusal } }, hogsend.find)
    doors.delete('/v1/contacts', { config: { refusalBody: hogsendRefusal } }, hogsend.remove)
  })

  const read = createReadApi(parts)
  app.get('/api/v1/events', read.events)
  app.get('/api/v1/rejected', read.rejected)
  app.get('/api/v1/losses', read.losses)
  app.get('/api/v1/quarantine', read.quarantine)
  const quarantine = createQuarantineApi(parts)
  app.get('/api/v1/quarantine/names', quarantine.names)
  app.post('/api/v1/quarantine/replay', quarantine.replay)
  app.get('/health', createHealth(parts))
  app.get('/metrics', createMetrics(parts))
  app.get('/api/v1/live', parts.live.open)

  const people = createPeopleApi(parts)
  app.get('/api/v1/profiles', people.profiles)
  app.get('/api/v1/profiles/:id', people.profile)
  app.get('/api/v1/profiles/:id/events', people.timeline)
  app.post('/api/v1/profiles/:id/split', people.split)
  app.delete('/api/v1/profiles/:id', people.erase)
  app.get('/api/v1/accounts', people.accounts)
  app.get('/api/v1/accounts/:id', people.account)
  app.get('/api/v1/export', people.export)

  const counts = createCountsApi(parts)
  app.get('/api/v1/counts', counts.counts)
  app.get('/api/v1/people', counts.people)
  app.get('/api/v1/funnel', counts.funnel)

  const page = createPageApi(parts)
  app.post('/api/v1/session', page.begin)
  app.delete('/api/v1/session', page.end)
  app.get('/api/v1/session', page.session)
  app.get('/api/v1/health', page.health)
  app.get('/api/v1/sightings', page.sightings)
  app.get('/api/v1/refusals', page.refusals)
  app.get('/api/v1/catalogue', page.catalogue)
  app.get('/api/v1/catalogue/name', page.name)
  app.get('/api/v1/inspect', page.inspect)

  const script = createScriptFile(BUILT_SCRIPT, JAVASCRIPT)
  const seen = async ({ headers }: FastifyRequest) => parts.sightings.script(headers)
  app.get('/airhop.js', { onRequest: seen }, script)
  app.get(`/v${parts.version}/airhop.js`, { onRequest: seen }, createScriptFile(BUILT_SCRIPT, JAVASCRIPT, IMMUTABLE))
  app.get('/airhop.js.map', createScriptFile(new URL('../dist/airhop.js.map', import.meta.url), 'application/json'))
  app.get('/v1/snippet', createSnippet(parts.version, BUILT_SCRIPT, new URL('../dist/snippet.js', import.meta.url)))
  servePage(app)
  return app
}

const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
  sendRefusal(reply, refusalOf(error, request))
