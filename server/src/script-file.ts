import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { refused } from './errors.ts'

const AN_HOUR = 'public, max-age=3600'

interface BuiltFile {
  etag: string
  plain: Buffer
  br: Buffer
  gzip: Buffer
}

/**
 * Serves a file of the SDK's build to pages of any origin. It is read and compressed once, when it is first asked for
 * and there. Throws `not_built`.
 */
export function createScriptFile(file: URL, contentType: string, cacheControl = AN_HOUR) {
  let built: Promise<BuiltFile> | undefined

  return async ({ headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    built ??= read(file)
    const { etag, ...forms } = await built.catch((error: NodeJS.ErrnoException) => {
      built = undefined
      if (error.code === 'ENOENT') throw refused('not_built', file.pathname.split('/').at(-1)!)
      throw error
    })
    reply.headers({
      'content-type': contentType,
      etag,
      vary: 'Accept-Encoding',
      'cache-control': cacheControl,
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
    })
    if (isKnown(headers['if-none-match'], etag)) return reply.code(304).send()

    const accepted = headers['accept-encoding'] ?? ''
    const encoding = /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : 'plain'
    if (encoding !== 'plain') reply.header('content-encoding', encoding)
    return reply.send(forms[encoding])
  }
}

/** A list, compared weakly: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2. Proxies that pack anew make an ETag weak. */
const isKnown = (said: string | undefined, etag: string) =>
  said !== undefined && (said === '*' || said.split(',').some((each) => each.trim().replace(/^W\//, '') === etag))

/**
 * `GET /v1/snippet`: what a page needs to load the script by its version and nothing else (Subresource Integrity), and
 * the stub. The address is a path: the reader knows by which name it reached this server. Throws `not_built`.
 */
export function createSnippet(version: string, script: URL, stub: URL) {
  return async (_request: FastifyRequest, reply: FastifyReply) => {
    const [code, inline] = await Promise.all([readFile(script), readFile(stub, 'utf8')]).catch(
      (error: NodeJS.ErrnoException): never => {
        if (error.code === 'ENOENT') throw refused('not_built', 'airhop.js')
        throw error
      },
    )
    reply.headers({ 'cache-control': 'no-cache', 'access-control-allow-origin': '*' })
    const integrity = `sha384-${createHash('sha384').update(code).digest('base64')}`
    return { version, script: `/v${version}/airhop.js`, integrity, stub: inline.trim() }
  }
}

async function read(file: URL): Promise<BuiltFile> {
  const plain = await readFile(file)
  const [br, gz] = await Promise.all([promisify(brotliCompress)(plain), promisify(gzip)(plain)])
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
  return { etag, plain, br, gzip: gz }
}
