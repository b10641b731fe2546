import staticFiles from '@fastify/static'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { ID_MAX_CHARS, REQUEST_MAX_BYTES } from '../../src/limits.ts'
import { createAdmission } from './admission.ts'
import { discardBody, refusalOf, refuseConnection, sendRefusal } from './answers.ts'
import { cors } from './cors.ts'
import { createCountsApi } from './counts-api.ts'
import { DOORS, type Door, hogsendRefusal } from './doors.ts'
import { type Refusal, refuse } from './errors.ts'
import { createHealth, type HealthParts } from './health.ts'
import { createHogsendApi, type HogsendApiParts } from './hogsend-api.ts'
import { createIngest, factsOf, type Incoming, type IngestParts } from './ingest.ts'
import { createPeopleApi, type PeopleApiParts } from './people-api.ts'
import { createQuarantineReplay } from './quarantine.ts'
import { createReadApi, type ReadApiParts } from './read-api.ts'
import type { RefusalLog } from './refusal-log.ts'
import { createScriptFile } from './script-file.ts'

/** A request that takes longer to arrive is given up: 4 MiB at 70 kB/s. */
const REQUEST_TIMEOUT_MS = 60_000

/** An id in a path, percent-encoded: 9 characters for a UTF-16 unit at most. */
const PARAMETER_MAX_CHARS = ID_MAX_CHARS * 9

/** The live page may be shown in a frame (the demo does), and may load nothing that is not of this server. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors *"

export interface AppParts extends IngestParts, ReadApiParts, PeopleApiParts, HealthParts, HogsendApiParts {
  keys: IngestParts['keys']
  recentIds: IngestParts['recentIds']
  processing: HogsendApiParts['processing'] & HealthParts['processing']
  log: IngestParts['log'] & HealthParts['log']
  queries: ReadApiParts['queries']
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
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: PARAMETER_MAX_CHARS },
    clientErrorHandler: refuseConnection,
    frameworkErrors: answerError,
  })
  // Content types are ignored: what parses is JSON.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.decorateRequest('arrival', null)
  app.addHook('onRequest', cors)
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((request, reply) =>
    sendRefusal(reply, refuse('not_found', request.method, request.url.split('?', 1)[0]!)),
  )

  app.register(async (doors) => {
    const incoming = createIngest(parts)
    const hogsend = createHogsendApi(parts)
    doors.addHook('onRequest', createAdmission())
    doors.addHook('onRequest', async ({ headers }) => {
      // Fastify refuses one that it cannot read; we don't look at it.
      delete headers['content-type']
    })
    doors.setErrorHandler(async (error, request, reply) => {
      const refusal = refusalOf(error, request)
      if (refusal.status === 413) await discardBody(request.raw)
      const { workspace, body } = request.arrival ?? { workspace: null, body: Buffer.alloc(0) }
      const { door, refusalBody } = request.routeOptions.config
      const { source, path } = door ?? { source: 'hogsend', path: request.routeOptions.url ?? '' }
      parts.refusals.record({ source, door: path, workspace, facts: factsOf(request), body, refusal })
      return sendRefusal(reply, refusal, refusalBody)
    })
    const answer = async (door: Door, taken: Incoming, request: FastifyRequest, reply: FastifyReply) => {
      // What is kept aside is neither stored nor a contact: the common answer says why.
      if (door.source !== 'hogsend' || taken.quarantined > 0) return taken.take()
      if (door.door === 'contact') return hogsend.contact(taken)
      if (door.door === 'group') return hogsend.group(taken)
      reply.code(202)
      const key = request.headers['idempotency-key']
      return hogsend.event(taken, typeof key === 'string' ? key : undefined)
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
  app.get('/api/v1/quarantine', read.quarantine)
  app.post('/api/v1/quarantine/replay', createQuarantineReplay(parts))
  app.get('/health', createHealth(parts))

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

  app.get(
    '/airhop.js',
    createScriptFile(new URL('../dist/airhop.js', import.meta.url), 'text/javascript; charset=utf-8'),
  )
  app.get('/airhop.js.map', createScriptFile(new URL('../dist/airhop.js.map', import.meta.url), 'application/json'))
  app.register(staticFiles, {
    root: new URL('../web/', import.meta.url),
    prefix: '/web/',
    setHeaders: (reply) => {
      reply.header('content-security-policy', PAGE_POLICY)
      reply.header('x-content-type-options', 'nosniff')
      reply.header('referrer-policy', 'no-referrer')
    },
  })
  app.get('/', (_request, reply) => reply.sendFile('index.html'))
  return app
}

const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
  sendRefusal(reply, refusalOf(error, request))
