import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { REQUEST_MAX_BYTES } from '../../src/limits.ts'
import { refused } from './errors.ts'

const LIMIT = { maxOutputLength: REQUEST_MAX_BYTES }

/**
 * The body as its sender wrote it. A gzip is known by its first two bytes, whatever the header says: browsers send one
 * without a header, so that there is no preflight; and zstd by its first four. Throws `payload_too_large` and
 * `malformed_json`. Synchronous, because what is short is faster so, and the longest that is taken (4 MiB) takes less time
 * than its JSON.parse after it.
 */
export function decompress(body: Buffer, encoding: string | null): Buffer {
  try {
    if (body[0] === 0x1f && body[1] === 0x8b) return gunzipSync(body, LIMIT)
    if (body.subarray(0, ZSTD.length).equals(ZSTD)) return zstdDecompressSync(body, LIMIT)
    switch (encoding?.trim().toLowerCase()) {
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(body, LIMIT)
      case 'br':
        return brotliDecompressSync(body, LIMIT)
      case 'deflate':
        return isZlib(body) ? inflateSync(body, LIMIT) : inflateRawSync(body, LIMIT)
      default:
        return body
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw refused('payload_too_large', 'body', 'more')
    throw refused('malformed_json', `it cannot be decompressed (${(error as Error).message}).`)
  }
}

/** How a frame begins: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1 */
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

/** `deflate` is zlib's format by RFC 9110 §8.4.1.2, which also warns of senders that leave its frame away. */
const isZlib = (body: Buffer) => (body[0]! & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0

/** What a body says. Throws `malformed_json`. */
export function parseJson(body: Buffer, encoding: string | null): unknown {
  if (body.length === 0) throw refused('malformed_json', 'it is empty.')
  const text = body.toString('utf8')
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
  } catch (error) {
    const unread = encoding && !KNOWN.test(encoding) ? ` (Content-Encoding ${encoding} is not taken)` : ''
    throw refused('malformed_json', `${(error as Error).message}${unread}.`)
  }
}

/** https://github.com/tc39/proposal-json-parse-with-source: TypeScript does not know it yet. */
const { parse, rawJSON } = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  rawJSON(text: string): unknown
}

/**
 * What a body says, to be shown: a number that JavaScript would read as another one (beyond 2^53, or with more digits)
 * stays as it is written once it is JSON again. Throws on what `parseJson` throws on.
 */
export function parseAsWritten(body: Buffer): unknown {
  const text = body.toString('utf8')
  return parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, (_key, value, { source = '' }) =>
    typeof value !== 'number' || Number.isSafeInteger(value) || String(value) === source ? value : rawJSON(source),
  )
}

const KNOWN = /^(identity|(x-)?gzip|deflate|br|zstd)$/i
