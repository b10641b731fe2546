import staticFiles from '@fastify/static'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { REQUEST_MAX_BYTES } from '../../src/limits.ts'
import { createAdmission } from './admission.ts'
import { discardBody, refusalOf, refuseConnection, sendRefusal } from './answers.ts'
import { cors } from './cors.ts'
import { refuse } from './errors.ts'
import { createHealth, type HealthParts } from './health.ts'
import { createIngest, factsOf, type IngestParts } from './ingest.ts'
import { createReadApi, type ReadApiParts } from './read-api.ts'
import type { RefusalLog } from './refusal-log.ts'
import { createScriptFile } from './script-file.ts'
import type { NativeDoor } from './sources/native.ts'

/** A request that takes longer to arrive is given up: 4 MiB at 70 kB/s. */
const REQUEST_TIMEOUT_MS = 60_000

/** The live page may be shown in a frame (the demo does), and may load nothing that is not of this server. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors *"

/** Paths below `/ingest/v1/`; the short ones are those of analytics-next. */
const DOORS: { readonly [path: string]: NativeDoor } = {
  identify: 'identify',
  track: 'track',
  page: 'page',
  screen: 'screen',
  group: 'group',
  alias: 'alias',
  batch: 'batch',
  i: 'identify',
  t: 'track',
  p: 'page',
  s: 'screen',
  g: 'group',
  a: 'alias',
  b: 'batch',
}

export interface AppParts extends IngestParts, ReadApiParts, HealthParts {
  keys: IngestParts['keys'] & ReadApiParts['keys']
  log: IngestParts['log'] & HealthParts['log']
  queries: ReadApiParts['queries']
  refusals: RefusalLog
}

/** All routes, over parts that are open already. It listens to nothing yet. */
export function buildApp(parts: AppParts): FastifyInstance {
  const app = Fastify({
    bodyLimit: REQUEST_MAX_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // What comes on open connections while the server closes is still taken: it is as durable as ever.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true },
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
    const ingest = createIngest(parts)
    doors.addHook('onRequest', createAdmission())
    doors.addHook('onRequest', async ({ headers }) => {
      // Fastify refuses one that it cannot read; we don't look at it.
      delete headers['content-type']
    })
    doors.setErrorHandler(async (error, request, reply) => {
      const refusal = refusalOf(error, request)
      if (refusal.status === 413) await discardBody(request.raw)
      const { workspace, body } = request.arrival ?? { workspace: null, body: Buffer.alloc(0) }
      const door = request.routeOptions.url ?? ''
      parts.refusals.record({ source: 'http', door, workspace, facts: factsOf(request), body, refusal })
      return sendRefusal(reply, refusal)
    })
    for (const [path, door] of Object.entries(DOORS)) {
      doors.post(`/ingest/v1/${path}`, (request) => ingest(door, request))
    }
  })

  const read = createReadApi(parts)
  app.get('/api/v1/events', read.events)
  app.get('/api/v1/rejected', read.rejected)
  app.get('/health', createHealth(parts))

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
