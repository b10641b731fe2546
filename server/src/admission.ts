import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { REQUEST_MAX_BYTES } from '../../src/limits.ts'
import { refused } from './errors.ts'

/** Bodies that are being read and processed at the same time: 32 of the largest, thousands of ordinary ones. */
const IN_FLIGHT_MAX_BYTES = 128 * 1024 * 1024

/** Refuses a request before its body is read when those under way already fill the memory that is meant for them. */
export function createAdmission(maxBytes = IN_FLIGHT_MAX_BYTES) {
  let inFlightBytes = 0
  return function admit({ headers }: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
    // Who says neither a length nor how it comes sends no body: https://www.rfc-editor.org/rfc/rfc9112#section-6.3
    const declared = Number(headers['content-length'] ?? (headers['transfer-encoding'] ? Number.NaN : 0))
    const bytes = declared <= REQUEST_MAX_BYTES ? declared : REQUEST_MAX_BYTES
    if (inFlightBytes + bytes > maxBytes) throw refused('rate_limited', 'too many requests are being read.')
    inFlightBytes += bytes
    // Comes in any case, also when the connection breaks.
    reply.raw.once('close', () => {
      inFlightBytes -= bytes
    })
    done()
  }
}
