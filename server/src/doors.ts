import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Credentials, Keys, Sender, Workspace } from './auth.ts'
import { isAbsent, isObject } from './check.ts'
import { type Refusal, refused } from './errors.ts'
import type { RequestFacts, Source } from './log/port.ts'
import { isSignedBy } from './signature.ts'
import { churnkeySignedText, isSignedAlone } from './sources/churnkey.ts'
import { type NativeDoor, nativeKeyOf } from './sources/native.ts'
import { postHogKeyOf } from './sources/posthog.ts'
import { segmentKeyOf, segmentSignedText } from './sources/segment.ts'
import { parseTime } from './time.ts'

type Method = 'POST' | 'PUT' | 'PATCH'

/** Who sends, and the proofs of it, in the way of one source. Every function throws the refusal that fits. */
interface Guard {
  /** By headers and URL, before the body is looked at; undefined if the body must say it. */
  byRequest(keys: Keys, credentials: Credentials): Sender | undefined
  byBody(keys: Keys, json: unknown): Sender
  /** Whether the body is signed by a secret of the workspace. Throws where it must be and is not. */
  isSigned?(workspace: Workspace, request: Signed): boolean
}

interface Signed {
  headers: IncomingHttpHeaders
  /** Decompressed. */
  body: Buffer
  json: unknown
}

/** One endpoint that takes events. */
export interface Door {
  path: string
  methods: Method[]
  source: Source
  /** Its name within the source. */
  door: string
  guard: Guard
  /** Answers HEAD, for products that look at a URL before they take it. */
  answersHead?: true
  /** The body of a refusal, where it is not `{ error: { code, message } }`. */
  refusalBody?(refusal: Refusal): object
  /** What is looked at here besides what every request says. */
  factsOf?(request: Pick<FastifyRequest, 'headers' | 'query'>): Partial<RequestFacts>
  /** What its clients want to read in an answer besides what all answers say. */
  answersAlso?: object
}

const byWriteKey = (keyOf: (json: unknown) => unknown): Guard => ({
  byRequest: (keys, credentials) => keys.writerByRequest(credentials),
  byBody: (keys, json) => keys.writerByBody(keyOf(json)),
})

const NATIVE = byWriteKey(nativeKeyOf)

/** `X-Signature`: https://segment.com/docs/connections/destinations/catalog/actions-webhook/ */
const SEGMENT: Guard = {
  ...byWriteKey(segmentKeyOf),
  isSigned({ segmentSharedSecret: secret }, { headers, body, json }) {
    const signature = headers['x-signature']
    if (secret === undefined) return false
    if (typeof signature !== 'string') throw refused('missing_signature', 'X-Signature')
    const isValid = [body, segmentSignedText(json)].some((signed) => isSignedBy(signature, secret, signed, 'sha1'))
    if (!isValid) throw refused('invalid_signature', 'X-Signature')
    return true
  },
}

/** `X-Hub-Signature`: https://developers.intercom.com/docs/references/webhooks/webhook-models */
const INTERCOM: Guard = {
  ...byWriteKey(nativeKeyOf),
  isSigned({ intercomClientSecret: secret }, { headers, body }) {
    const signature = headers['x-hub-signature']
    if (secret === undefined) return false
    if (typeof signature !== 'string') throw refused('missing_signature', 'X-Hub-Signature')
    if (!signature.startsWith('sha1=') || !isSignedBy(signature.slice('sha1='.length), secret, body, 'sha1')) {
      throw refused('invalid_signature', 'X-Hub-Signature')
    }
    return true
  },
}

const noSender = (): never => {
  throw new Error('the request has said its sender')
}

const HOGSEND: Guard = { byRequest: (keys, credentials) => keys.hogsend(credentials), byBody: noSender }

const CHURNKEY: Guard = {
  byRequest(keys, credentials) {
    const sender = keys.churnkey(credentials)
    if (!sender) throw refused('missing_api_key', 'churnkey')
    return sender
  },
  byBody: noSender,
}

/** A page has no API key: it says its app, and may prove its customer. A forged proof is not the same as none. */
const CHURNKEY_PAGE: Guard = {
  byRequest: (keys, credentials) => keys.churnkey(credentials),
  byBody(keys, json) {
    const { appId, authHash, ...event } = isObject(json) ? json : {}
    const workspace = keys.churnkeyApp(appId)
    if (isAbsent(authHash)) return { workspace, verified: false }
    const signed = churnkeySignedText(event)
    const isValid = isSignedBy(authHash, workspace.churnkey!.apiKey, signed, 'sha256')
    if (!isValid || signed === '') throw refused('invalid_auth_hash')
    return { workspace, verified: isSignedAlone(event) }
  },
}

/** The paths of calls; the short ones are those of analytics-next, `import` of Segment's SDKs for Ruby, Java and Android. */
const NATIVE_PATHS = {
  identify: 'identify',
  track: 'track',
  page: 'page',
  screen: 'screen',
  group: 'group',
  alias: 'alias',
  batch: 'batch',
  import: 'batch',
  i: 'identify',
  t: 'track',
  p: 'page',
  s: 'screen',
  g: 'group',
  a: 'alias',
  b: 'batch',
} satisfies { [path: string]: NativeDoor }

/** Also without `/ingest`: @segment/analytics-node puts its own path, `/v1/batch`, in the place of that of its `host`. */
const native = Object.entries(NATIVE_PATHS).flatMap(([path, door]) =>
  ['/ingest/v1/', '/v1/'].map((base): Door => {
    return { path: base + path, methods: ['POST'], source: 'http', door, guard: NATIVE }
  }),
)

/** Where RudderStack's browser SDK goes with `useBeacon`. */
const beacon = ['/ingest', ''].map((base): Door => {
  return { path: `${base}/beacon/v1/batch`, methods: ['POST'], source: 'http', door: 'batch', guard: NATIVE }
})

/** Its webhook, at the path `''`, may be set to any of these methods. */
const postHog = (path: string, base = '/ingest/v1/posthog'): Door => ({
  path: base + path,
  methods: path === '' ? ['POST', 'PUT', 'PATCH'] : ['POST'],
  source: 'posthog',
  door: 'capture',
  guard: byWriteKey(postHogKeyOf),
  // `?_=` of posthog-js, in ms: https://github.com/PostHog/posthog/blob/master/rust/capture/src/payload/types.rs
  factsOf({ query }) {
    const said = isObject(query) ? query._ : undefined
    return typeof said === 'string' && /^\d{13}$/.test(said) ? { sentAtMs: Number(said) } : {}
  },
  ...(path === '' && { answersHead: true }),
})

const hyperengage = (path: string, door: 'server' | 'page'): Door => ({
  path,
  methods: ['POST'],
  source: 'hyperengage',
  door,
  guard: {
    byRequest: (keys, credentials) => (door === 'server' ? keys.server(credentials) : keys.serverOrWriter(credentials)),
    byBody: noSender,
  },
})

const churnkey = (door: string, guard: Guard): Door => ({
  path: `/v1/api/events/${door}`,
  methods: ['POST'],
  source: 'churnkey',
  door,
  guard,
})

/** Its client shows `error` where it is a string. */
export const hogsendRefusal = ({ code, message }: Refusal) => ({ error: message, code })

const hogsend = (method: Method, path: string, door: string): Door => ({
  path: `/v1/${path}`,
  methods: [method],
  source: 'hogsend',
  door,
  guard: HOGSEND,
  refusalBody: hogsendRefusal,
  factsOf({ headers }) {
    const key = headers['idempotency-key']
    return typeof key === 'string' && key.trim() !== '' ? { idempotencyKey: key } : {}
  },
})

const signalSmith = (path: string, door: string): Door => ({
  path: `/api/v1/events${path}`,
  methods: ['POST'],
  source: 'signalsmith',
  door,
  guard: NATIVE,
})

/** Every endpoint that takes events. */
export const DOORS: readonly Door[] = [
  ...native,
  ...beacon,
  {
    path: '/ingest/v1/segment',
    methods: ['POST', 'PUT', 'PATCH'],
    source: 'segment',
    door: 'webhook',
    guard: SEGMENT,
    answersHead: true,
  },
  postHog(''),
  postHog('/e'),
  postHog('/engage'),
  postHog('/batch'),
  // The SDK for Ruby leaves the path of its host away.
  postHog('/batch', ''),
  postHog('/capture'),
  postHog('/i/v0/e'),
  {
    ...postHog('/i/v1/analytics/events'),
    // Of this try, where `created_at` of the body is of the first.
    factsOf({ headers }) {
      const sentAtMs = parseTime(headers['posthog-request-timestamp'])
      return sentAtMs === undefined ? {} : { sentAtMs }
    },
    // Its clients take an answer without `results` for a failure; they may hold a verdict by `uuid`, and need none.
    answersAlso: { results: {} },
  },
  {
    path: '/ingest/v1/intercom',
    methods: ['POST'],
    source: 'intercom',
    door: 'webhook',
    guard: INTERCOM,
    answersHead: true,
  },
  hyperengage('/api/v1/s2s/event', 'server'),
  hyperengage('/api/v1/event', 'page'),
  churnkey('new', CHURNKEY_PAGE),
  churnkey('bulk', CHURNKEY),
  churnkey('customer-update', CHURNKEY),
  hogsend('PUT', 'contacts', 'contact'),
  hogsend('POST', 'events', 'event'),
  hogsend('POST', 'groups', 'group'),
  signalSmith('', 'event'),
  signalSmith('/batch', 'batch'),
]
