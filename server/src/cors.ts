import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'

/** Where pages send events to. Not the read API: no page of another origin has a reason to call it. */
const DOORS = /^\/+(ingest|v1|beacon|api\/v1\/event|api\/v1\/s2s)(\/|\?|$)/

/** Those of SignalSmith; by GET the read API gives events of the same address. */
const ALSO_READ = /^\/api\/v1\/events(\/batch)?\/?(\?|$)/

const isDoor = (method: string, url: string) =>
  DOORS.test(url) || (ALSO_READ.test(url) && method !== 'GET' && method !== 'HEAD')

/** What recorded preflights of real clients ask for (wire.md §3); allowed whatever one asks for, because browsers keep the answer. */
const HEADERS = ['authorization', 'content-type', 'x-write-key', 'x-retry-count', 'anonymousid', 'sentat']

const headersFor = (asked = '') =>
  [...new Set([...HEADERS, ...asked.toLowerCase().split(/[\s,]+/)])].filter((name) => name !== '').join(', ')

const METHODS = 'POST, PUT, PATCH, GET, HEAD, DELETE'
const MAX_AGE_S = 86_400

/**
 * Lets pages of every origin send, and read each answer, refusals included. A write key is public, so the origin is no
 * secret that protects anything, and no cookie is ever looked at. A preflight is answered for any path below the doors.
 */
export function cors(
  { method, url, headers }: FastifyRequest,
  reply: FastifyReply,
  done: HookHandlerDoneFunction,
): void {
  if (isDoor(method, url)) {
    reply.header('vary', 'Origin')
    if (headers.origin !== undefined) {
      reply.header('access-control-allow-origin', headers.origin)
      // Without it a browser stops what posthog-js sends by XMLHttpRequest, which it does with `withCredentials`.
      reply.header('access-control-allow-credentials', 'true')
      reply.header('access-control-expose-headers', 'Retry-After')
    }
    if (method === 'OPTIONS') {
      reply.header('access-control-allow-methods', METHODS)
      reply.header('access-control-allow-headers', headersFor(headers['access-control-request-headers']))
      reply.header('access-control-max-age', MAX_AGE_S)
      reply.code(204).send()
      return
    }
  }
  done()
}
