import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isObject } from './check.ts'
import { refused } from './errors.ts'

/** Who events belong to. */
export interface Workspace {
  /** Unique in a server; what is stored stands under it. */
  name: string
  /** Public: they only write. */
  writeKeys: readonly string[]
  /** Secret: they read all of the workspace. */
  adminTokens: readonly string[]
}

/** Where a request says its key, in the order in which they count: the first that is there decides, right or wrong. */
export interface Credentials {
  headers: IncomingHttpHeaders
  query: unknown
}

const sha256 = (text: string) => createHash('sha256').update(text).digest()

/** Knows the keys and tokens of all workspaces. Every function throws the refusal that fits. */
export function createKeys(workspaces: readonly Workspace[]) {
  const byWriteKey = new Map(workspaces.flatMap((workspace) => workspace.writeKeys.map((key) => [key, workspace])))
  const tokens = workspaces.flatMap((workspace) =>
    workspace.adminTokens.map((token) => ({ workspace, digest: sha256(token) })),
  )

  /** Compares with every token, in the same time whatever it is. */
  function findToken(token: string): Workspace | undefined {
    const digest = sha256(token)
    let found: Workspace | undefined
    for (const known of tokens) if (timingSafeEqual(known.digest, digest)) found = known.workspace
    return found
  }

  function writer(key: string): Workspace {
    const workspace = byWriteKey.get(key)
    if (workspace) return workspace
    if (key.startsWith('pk_')) throw refused('invalid_write_key', 'widget')
    throw refused('invalid_write_key', findToken(key) ? 'admin' : 'unknown')
  }

  return {
    /** The workspace of the key in the headers or the URL; undefined if none is there and the body must say it. */
    writerByRequest({ headers, query }: Credentials): Workspace | undefined {
      const key = bearer(headers) ?? basicUser(headers) ?? single(headers['x-write-key']) ?? queryKey(query)
      return key === undefined ? undefined : writer(key)
    },

    /** The workspace of `writeKey` in the body; an array says it in its first item. */
    writerByBody(body: unknown): Workspace {
      const first = Array.isArray(body) ? body[0] : body
      const key = isObject(first) && typeof first.writeKey === 'string' ? first.writeKey.trim() : ''
      if (key === '') throw refused('missing_write_key')
      return writer(key)
    },

    /** The workspace that an admin token opens. */
    admin(headers: IncomingHttpHeaders): Workspace {
      const token = bearer(headers)
      if (token === undefined) throw refused('missing_token')
      const workspace = findToken(token)
      if (!workspace) throw refused('invalid_token')
      return workspace
    },
  }
}

export type Keys = ReturnType<typeof createKeys>

const nonBlank = (text: string | undefined) => text?.trim() || undefined

function bearer({ authorization = '' }: IncomingHttpHeaders): string | undefined {
  return nonBlank(/^Bearer +(.*)$/i.exec(authorization)?.[1])
}

/** The user part; clients leave the colon away. */
function basicUser({ authorization = '' }: IncomingHttpHeaders): string | undefined {
  const encoded = /^Basic +(.*)$/i.exec(authorization)?.[1]
  if (encoded === undefined) return undefined
  return nonBlank(Buffer.from(encoded, 'base64').toString('utf8').split(':', 1)[0])
}

const single = (value: unknown): string | undefined => {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? nonBlank(first) : undefined
}

const queryKey = (query: unknown) => (isObject(query) ? single(query.writeKey) : undefined)
