import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isObject } from './check.ts'
import { type KeyKind, refused } from './errors.ts'
import type { RuleSettings } from './rules.ts'

/** Who events belong to. */
export interface Workspace {
  /** Unique in a server; what is stored stands under it. */
  name: string
  /** Public: they only write. */
  writeKeys: readonly string[]
  /** Secret: they read all of the workspace. */
  adminTokens: readonly string[]
  /** Secret: a customer's servers send events with them, in the form of Hyperengage. */
  serverTokens?: readonly string[]
  /** Secret: each opens what its scopes say, in the form of Hogsend. */
  hogsendKeys?: readonly { key: string; scopes: readonly string[] }[]
  /** The app id is public, the key is secret and signs what pages send. */
  churnkey?: { appId: string; apiKey: string }
  /** With it, requests must be signed by it. */
  segmentSharedSecret?: string
  intercomClientSecret?: string
  /** Events that happened more days ago are removed; without it they stay. */
  retentionDays?: number
  /** What it asks of events; absent: nothing. */
  rules?: RuleSettings
}

/** Who sent a request. */
export interface Sender {
  workspace: Workspace
  /** A secret, not a public key, has said so. */
  verified: boolean
}

/** Where a request says its key, in the order in which they count: the first that is there decides, right or wrong. */
export interface Credentials {
  headers: IncomingHttpHeaders
  query: unknown
}

/** How long the page is open to a browser that has shown the token once. */
export const SESSION_S = 30 * 86_400

const SESSION_COOKIE = 'airhop_session'

/** The `Set-Cookie` of a session; an empty one ends it. */
export const sessionCookie = (session: string, secure: boolean) =>
  `${SESSION_COOKIE}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${session === '' ? 0 : SESSION_S}${secure ? '; Secure' : ''}`

const sessionOf = ({ cookie = '' }: IncomingHttpHeaders) =>
  new RegExp(`(?:^|; ?)${SESSION_COOKIE}=([\\w.-]+)`).exec(cookie)?.[1]

const seal = (digest: Buffer, until: number) =>
  createHmac('sha256', digest).update(`airhop session until ${until}`).digest('base64url')

/**
 * Whether a request that has a cookie comes from this server's own page. SameSite=Strict is not enough: other ports of a
 * host are the same site (https://www.rfc-editor.org/rfc/rfc6265#section-8.5). Browsers say `Sec-Fetch-Site` to https
 * and to this machine, and `Origin` with whatever changes something.
 */
function isOfOwnPage({ origin, host, ...headers }: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
}

/** What opens `/v1/contacts`, `/v1/events` and `/v1/groups`. */
export const HOGSEND_SCOPE = 'ingest'

interface Secret {
  kind: Extract<KeyKind, 'admin' | 'server' | 'hogsend' | 'churnkey'>
  workspace: Workspace
  digest: Buffer
  scopes?: readonly string[]
}

const sha256 = (text: string) => createHash('sha256').update(text).digest()

function secretsOf(workspace: Workspace): Secret[] {
  const { adminTokens, serverTokens = [], hogsendKeys = [], churnkey } = workspace
  return [
    ...adminTokens.map((token): Secret => ({ kind: 'admin', workspace, digest: sha256(token) })),
    ...serverTokens.map((token): Secret => ({ kind: 'server', workspace, digest: sha256(token) })),
    ...hogsendKeys.map(({ key, scopes }): Secret => ({ kind: 'hogsend', workspace, digest: sha256(key), scopes })),
    ...(churnkey ? [{ kind: 'churnkey' as const, workspace, digest: sha256(churnkey.apiKey) }] : []),
  ]
}

/** Knows the keys and tokens of all workspaces. Every function throws the refusal that fits. */
export function createKeys(workspaces: readonly Workspace[]) {
  const byWriteKey = new Map(workspaces.flatMap((workspace) => workspace.writeKeys.map((key) => [key, workspace])))
  const byChurnkeyApp = new Map(
    workspaces.flatMap((workspace) => (workspace.churnkey ? [[workspace.churnkey.appId, workspace] as const] : [])),
  )
  const secrets = workspaces.flatMap(secretsOf)

  /** Compares with every secret, in the same time whatever it is. */
  function findSecret(text: string): Secret | undefined {
    const digest = sha256(text)
    let found: Secret | undefined
    for (const known of secrets) if (timingSafeEqual(known.digest, digest)) found = known
    return found
  }

  function byToken(token: string): Secret {
    const found = findSecret(token)
    if (found?.kind === 'admin') return found
    throw refused('invalid_token', kindOf(token), 'admin')
  }

  function findSession(session: string): Workspace | undefined {
    const [until = '', given = ''] = session.split('.')
    if (!(Number(until) > Date.now())) return undefined
    const isOf = ({ kind, digest }: Secret) =>
      kind === 'admin' && timingSafeEqual(sha256(seal(digest, Number(until))), sha256(given))
    return secrets.find(isOf)?.workspace
  }

  /** What a key is that was given at the door of another kind: known here, or told by how it starts. */
  function kindOf(key: string): KeyKind {
    if (byWriteKey.has(key) || key.startsWith('wk_')) return 'write'
    if (key.startsWith('pk_')) return 'widget'
    return findSecret(key)?.kind ?? (key.startsWith('hsk_') ? 'hogsend' : 'unknown')
  }

  function writer(key: string): Sender {
    const workspace = byWriteKey.get(key)
    if (workspace) return { workspace, verified: false }
    throw refused('invalid_write_key', kindOf(key))
  }

  /** The token of a server, or undefined if it is none. */
  function server(token: string): Sender | undefined {
    const found = findSecret(token)
    return found?.kind === 'server' ? { workspace: found.workspace, verified: true } : undefined
  }

  return {
    /** The sender by the write key in the headers or the URL; undefined if none is there and the body must say it. */
    writerByRequest({ headers, query }: Credentials): Sender | undefined {
      const key =
        bearer(headers) ?? basicUser(headers) ?? single(headers['x-write-key']) ?? parameter(query, 'writeKey')
      return key === undefined ? undefined : writer(key)
    },

    /** The sender by the write key that stands in the body. */
    writerByBody(key: unknown): Sender {
      const said = typeof key === 'string' ? key.trim() : ''
      if (said === '') throw refused('missing_write_key')
      return writer(said)
    },

    /** The workspace that an admin token opens, or the session that was begun with one. */
    admin(headers: IncomingHttpHeaders): Workspace {
      const token = bearer(headers)
      if (token !== undefined) return byToken(token).workspace
      const session = sessionOf(headers)
      if (session === undefined) throw refused('missing_token', 'admin')
      if (!isOfOwnPage(headers)) throw refused('cross_site')
      const workspace = findSession(session)
      if (!workspace) throw refused('expired_session')
      return workspace
    },

    /** The sender by the server token in `?token=`, else as Bearer. */
    server({ headers, query }: Credentials): Sender {
      const token = parameter(query, 'token') ?? bearer(headers)
      if (token === undefined) throw refused('missing_token', 'server')
      const sender = server(token)
      if (!sender) throw refused('invalid_token', kindOf(token), 'server')
      return sender
    },

    /** As `server`, for pages: the write key will do, and is no proof of anything. */
    serverOrWriter({ headers, query }: Credentials): Sender {
      const token = parameter(query, 'token') ?? bearer(headers)
      if (token === undefined) throw refused('missing_token', 'page')
      const workspace = byWriteKey.get(token)
      const sender = workspace ? { workspace, verified: false } : server(token)
      if (sender) return sender
      const given = kindOf(token)
      throw refused('invalid_token', given === 'write' ? 'unknown' : given, 'page')
    },

    /** The sender by a key of Hogsend. */
    hogsend({ headers }: Credentials): Sender {
      const key = bearer(headers)
      if (key === undefined) throw refused('missing_api_key', 'hogsend')
      const found = findSecret(key)
      if (found?.kind !== 'hogsend') throw refused('invalid_api_key', kindOf(key), 'hogsend')
      if (!found.scopes?.includes(HOGSEND_SCOPE)) throw refused('forbidden_scope', HOGSEND_SCOPE)
      return { workspace: found.workspace, verified: true }
    },

    /** The sender by the API key and app id of Churnkey; undefined if neither is there and the body must say it. */
    churnkey({ headers }: Credentials): Sender | undefined {
      const key = single(headers['x-ck-api-key'])
      const appId = single(headers['x-ck-app'])
      if (key === undefined && appId === undefined) {
        const other = bearer(headers) ?? basicUser(headers)
        if (other !== undefined) throw refused('invalid_api_key', kindOf(other), 'churnkey')
        return undefined
      }
      if (key === undefined || appId === undefined) throw refused('missing_api_key', 'churnkey')
      const workspace = byChurnkeyApp.get(appId)
      if (workspace?.churnkey && timingSafeEqual(sha256(workspace.churnkey.apiKey), sha256(key))) {
        return { workspace, verified: true }
      }
      throw refused('invalid_api_key', kindOf(key), 'churnkey')
    },

    /** The workspace of an app id of Churnkey, which is public. */
    churnkeyApp(appId: unknown): Workspace {
      if (typeof appId !== 'string' || appId.trim() === '') throw refused('missing_api_key', 'churnkey')
      const workspace = byChurnkeyApp.get(appId.trim())
      if (!workspace) throw refused('invalid_api_key', 'unknown', 'churnkey')
      return workspace
    },

    /**
     * Begins a session for the holder of an admin token: the value of a cookie. It says nothing of the token, is good
     * for 30 days and for as long as the token is, also after a restart, and is kept nowhere.
     */
    beginSession(headers: IncomingHttpHeaders): { workspace: Workspace; session: string } {
      const token = bearer(headers)
      if (token === undefined) throw refused('missing_token', 'admin')
      const { workspace, digest } = byToken(token)
      const until = Date.now() + SESSION_S * 1000
      return { workspace, session: `${until}.${seal(digest, until)}` }
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

const parameter = (query: unknown, name: string) => (isObject(query) ? single(query[name]) : undefined)
