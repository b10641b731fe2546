import type { EventType } from '../../src/wire.ts'
import { type Arrival, toCanonical } from './canonical.ts'
import { type Call, type Fields, idOf, isAbsent, isObject } from './check.ts'
import type { Breach, Contract } from './contract.ts'
import { type Refusal, RequestRefused, refuse, refused } from './errors.ts'
import type { Outcome } from './log/port.ts'
import { digestOf, isDigest } from './signature.ts'

/** What a workspace asks of the requests and events that it takes; nothing is asked where a field is not there. */
export interface RuleSettings {
  /** With one of these the customer's server signs the ids of its users. */
  identitySecrets?: readonly string[]
  /** Nobody becomes a user without such a signature, or another secret of the server's. */
  enforceIdentity?: boolean
  allowedTypes?: readonly EventType[]
  /** Origins of pages, as `https://app.example.com`; `*.` before the host stands for one or more labels. */
  allowedOrigins?: readonly string[]
  /** Events of all keys together. */
  ratePerSecond?: number
  contract?: Contract
}

/** What the rules say of one call. */
export type Ruling = {
  /** Somebody who knows a secret vouches for its user. */
  verified: boolean
} & (
  | { outcome: undefined; refusal: undefined }
  /** The refusal says why; what is `warned` is taken all the same. */
  | { outcome: Outcome; refusal: Refusal }
)

/** The same two for nearly all calls, so that these cost nothing. */
const TAKEN: Ruling = { verified: false, outcome: undefined, refusal: undefined }
const VERIFIED: Ruling = { verified: true, outcome: undefined, refusal: undefined }

const rejection = (refusal: Refusal): Ruling => ({ verified: false, outcome: 'rejected', refusal })

/**
 * The rules of one workspace, the same at every door; undefined where it has none, and then they cost nothing. They hold
 * at the acceptance of a request only: what they said goes into the log with it, because they may be others when that is
 * processed.
 */
export function createRules(settings: RuleSettings, now: () => number) {
  const { allowedTypes, allowedOrigins, ratePerSecond, contract } = settings
  const types = allowedTypes && new Set(allowedTypes)
  const isAllowedOrigin = allowedOrigins && createOriginCheck(allowedOrigins)
  const takeTokens = ratePerSecond === undefined ? undefined : createRate(ratePerSecond, now)
  const checkIdentity = createIdentityCheck(settings)
  if (!types && !isAllowedOrigin && !takeTokens && !checkIdentity && !contract) return undefined

  function judgeCall(call: Call, arrival: Omit<Arrival, 'verified'>): Ruling {
    const raw = call.raw as Fields
    const type = call.doorType ?? (raw.type as EventType)
    if (types?.has(type) === false) return rejection(refuse('type_not_allowed', [...types], type))

    const isTrusted = arrival.facts.verified === true
    const identity = isTrusted ? TAKEN : (checkIdentity?.(type, raw, call.envelope) ?? TAKEN)
    if (identity.outcome || !contract?.concerns(type, raw.event)) return identity
    const { verified } = identity
    const breach = contract.check(toCanonical(call, { ...arrival, verified }))
    return breach ? { verified, outcome: OUTCOMES[breach.mode], refusal: refusalOf(breach) } : identity
  }

  return {
    contract,

    /** Of the request as a whole, before any of its calls. Throws `origin_not_allowed` and `rate_limited`. */
    admit(origin: string | undefined, events: number): void {
      if (origin !== undefined && isAllowedOrigin?.(origin) === false) throw refused('origin_not_allowed', origin)
      const waitS = takeTokens?.(events) ?? 0
      if (waitS === 0) return
      const refusal = refuse('rate_limited', `this workspace takes ${ratePerSecond} events per second.`)
      throw new RequestRefused({ ...refusal, retryAfterS: waitS })
    },

    /** Of the calls that one event came to, which share its fate; `checkCall` has passed them. */
    judge(calls: readonly Call[], arrival: Omit<Arrival, 'verified'>): Ruling {
      let gravest = TAKEN
      let verified = true
      for (const call of calls) {
        const ruling = judgeCall(call, arrival)
        verified &&= ruling.verified
        if (GRAVITY.indexOf(ruling.outcome) > GRAVITY.indexOf(gravest.outcome)) gravest = ruling
      }
      if (gravest.outcome) return { ...gravest, verified }
      return verified ? VERIFIED : TAKEN
    },
  }
}

export type Rules = NonNullable<ReturnType<typeof createRules>>

const GRAVITY = [undefined, 'warned', 'quarantined', 'rejected']

const OUTCOMES = { warn: 'warned', quarantine: 'quarantined', reject: 'rejected' } as const

/** Says to the sender what its contract does not allow, and what to do. */
export const refusalOf = ({ mode, reason }: Breach) =>
  refuse(mode === 'quarantine' ? 'contract_quarantined' : 'contract_violation', reason)

/** Says who somebody is: another one's events and traits would become his. */
const CLAIMS_USER: ReadonlySet<EventType> = new Set<EventType>(['identify', 'alias'])

function createIdentityCheck({ identitySecrets = [], enforceIdentity = false }: RuleSettings) {
  if (identitySecrets.length === 0 && !enforceIdentity) return undefined
  // A page signs all its events alike. What is remembered is the digest: a signature is never compared with another's text.
  let last: { userId: string; digests: readonly Buffer[] } | undefined

  function isGood(userId: string, signature: unknown): boolean {
    if (last?.userId !== userId) {
      last = { userId, digests: identitySecrets.map((secret) => digestOf(secret, userId, 'sha256')) }
    }
    return last.digests.filter((digest) => isDigest(signature, digest)).length > 0
  }

  return (type: EventType, raw: Fields, envelope: Fields): Ruling => {
    const userId = idOf(raw, envelope, 'userId')
    // Without a user there is nobody to vouch for.
    if (isAbsent(userId)) return TAKEN
    const signature = signatureOf(raw, envelope)
    if (isAbsent(signature) || identitySecrets.length === 0) {
      return enforceIdentity && CLAIMS_USER.has(type) ? rejection(refuse('unverified_identity')) : TAKEN
    }
    if (!isGood(String(userId), signature)) return rejection(refuse('invalid_identity_signature'))
    // It vouches for the user and not for `previousId`, which could be another one.
    return type === 'alias' ? TAKEN : VERIFIED
  }
}

/** Of the call, else in its context, else of its envelope, where that speaks of the same user. */
function signatureOf(raw: Fields, envelope: Fields): unknown {
  if (!isAbsent(raw.signature)) return raw.signature
  if (isObject(raw.context) && !isAbsent(raw.context.signature)) return raw.context.signature
  const { userId } = raw
  const ofAnother = !isAbsent(userId) && !isAbsent(envelope.userId) && String(userId) !== String(envelope.userId)
  return ofAnother ? undefined : envelope.signature
}

/** Whether an `Origin` is one of a list. */
function createOriginCheck(allowed: readonly string[]) {
  const origins = new Set<string>()
  const domains: { scheme: string; suffix: string }[] = []
  for (const origin of allowed) {
    const [scheme, suffix] = origin.toLowerCase().split('://*') as [string, string?]
    if (suffix === undefined) origins.add(withoutDefaultPort(scheme))
    else
      domains.push({
        scheme: `${scheme}://`,
        suffix: withoutDefaultPort(`${scheme}://${suffix}`).slice(scheme.length + 3),
      })
  }
  return (origin: string): boolean =>
    origins.has(origin) || domains.some(({ scheme, suffix }) => origin.startsWith(scheme) && origin.endsWith(suffix))
}

/** Browsers leave it out: https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin */
const withoutDefaultPort = (origin: string) => origin.replace(/^(https:.*):443$|^(http:.*):80$/, '$1$2')

/**
 * Takes tokens for so many events, and gives how many seconds to wait before there are any; 0 if there were. A second's worth
 * may come at once. A larger request is taken whole, and those after it wait until it is paid for: no batch is too large for a rate.
 */
function createRate(perSecond: number, now: () => number) {
  const most = Math.max(1, perSecond)
  let tokens = most
  let atMs = now()
  return (events: number): number => {
    const nowMs = now()
    // A clock that is set back gives nothing, and takes nothing.
    tokens = Math.min(most, tokens + (Math.max(0, nowMs - atMs) / 1000) * perSecond)
    atMs = nowMs
    const needed = Math.min(1, events)
    // The wait that was asked for is enough, whatever the rounding.
    if (tokens < needed - 1e-6) return Math.ceil((needed - tokens) / perSecond)
    tokens -= events
    return 0
  }
}
