import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { type Refusal, RequestRefused, refuse } from './errors.ts'

/** The rest of a body that is too large is read up to this much and this long; a sender of more finds its connection closed. */
const DISCARD_MAX_BYTES = 64 * 1024 * 1024
const DISCARD_MAX_MS = 10_000

/** Every error of any part as a refusal of the table: ours as it is, those of Fastify by their meaning, the rest as our own failure. */
export function refusalOf(error: unknown, { method, url, headers }: FastifyRequest): Refusal {
  if (error instanceof RequestRefused) return error.refusal
  const { code, statusCode = 500, message } = error as FastifyError
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return refuse('payload_too_large', 'body', headers['content-length'] ?? 'more')
  }
  if (statusCode >= 400 && statusCode < 500) return refuse('invalid_request', `${message}.`)
  process.stderr.write(`airhop-ingest: ${method} ${url.split('?', 1)[0]} failed: ${(error as Error).stack ?? error}\n`)
  return refuse('internal_error')
}

/** Answers with a refusal: `{ error: { code, message } }`, or in the form of the endpoint. */
export function sendRefusal(
  reply: FastifyReply,
  refusal: Refusal,
  bodyOf: (refusal: Refusal) => object = ({ code, message }) => ({ error: { code, message } }),
): FastifyReply {
  const { status, retryAfterS } = refusal
  if (retryAfterS !== undefined) reply.header('retry-after', retryAfterS)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return reply.code(status).send(bodyOf(refusal))
}

/**
 * Reads what a sender still wants to send, and forgets it. Most senders look for an answer only when they have sent all:
 * one that comes sooner, on a connection that is then closed, is lost to them (RFC 9112 §9.6), and they send it again.
 */
export async function discardBody(request: IncomingMessage): Promise<void> {
  if (Number(request.headers['content-length'] ?? 0) > DISCARD_MAX_BYTES) return
  await Promise.race([readAway(request), sleep(DISCARD_MAX_MS, undefined, { ref: false })])
}

async function readAway(request: IncomingMessage): Promise<void> {
  let bytes = 0
  try {
    for await (const part of request.iterator({ destroyOnReturn: false })) {
      bytes += (part as Buffer).length
      if (bytes > DISCARD_MAX_BYTES) return
    }
  } catch (error) {
    // A sender that goes away wants no answer.
    if (!request.destroyed) throw error
  }
}

/** Answers what is no HTTP, which never becomes a request. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { code, message } = refuse('invalid_request', `${error.message}.`)
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const body = JSON.stringify({ error: { code, message } })
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nConnection: close\r\n`
  socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}
