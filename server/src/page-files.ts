import { existsSync } from 'node:fs'
import staticFiles from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { refused } from './errors.ts'

/**
 * The page loads nothing and sends nothing to any other host, runs no inline script, and makes no HTML of text. Pages of
 * this machine may frame it (the demo does); others would have no session in there anyway.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "frame-ancestors 'self' http://127.0.0.1:* http://localhost:*",
].join('; ')

/** Built files have a hash of their content in their name. */
const HASHED = /-[\w-]{8}\.(js|css)$/

const ROOT = new URL('../dist/web/', import.meta.url)

/** Serves the built page: `/`, and its files below `/web/`. They are compressed when they are built. */
export function servePage(app: FastifyInstance): void {
  app.register(staticFiles, {
    root: ROOT,
    suppressWarning: true,
    prefix: '/web/',
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      reply.header('content-security-policy', POLICY)
      reply.header('x-content-type-options', 'nosniff')
      reply.header('referrer-policy', 'no-referrer')
      reply.header('cross-origin-opener-policy', 'same-origin')
      reply.header('permissions-policy', 'camera=(), geolocation=(), microphone=()')
      const fresh = HASHED.test(path.replace(/\.(br|gz)$/, '')) ? 'public, max-age=31536000, immutable' : 'no-cache'
      reply.header('cache-control', fresh)
    },
  })
  app.get('/', (_request, reply) => {
    if (!existsSync(new URL('index.html', ROOT))) throw refused('not_built', 'The page')
    return reply.sendFile('index.html')
  })
}
