import type { EventType } from '../../src/wire.ts'
import { type Bot, botOf } from './bots.ts'
import { type Call, type Fields, idOf, isAbsent, isObject } from './check.ts'
import type { RequestFacts, Source } from './log/port.ts'
import { correctClock } from './time.ts'

/** One event as it is stored and read: what wire.md §1 says, for whatever door it came through. */
export interface CanonicalEvent {
  type: EventType
  /** ≤ 255 characters; unique in a workspace. */
  messageId: string
  source: Source
  userId: string | null
  anonymousId: string | null
  /** In lower case; only where the source uses it as an identity. */
  email?: string
  /** What vouches for the user does not for `email`, which then joins nobody; absent where `verified` is of both. */
  emailVerified?: false
  /** On `group`. */
  groupId?: string
  /** On `alias`. */
  previousId?: string
  /** On `track`. */
  event?: string
  /** On `page` and `screen`. */
  name?: string | null
  category?: string | null
  /** On `track`, `page`, `screen`; exactly as sent. */
  properties?: Fields
  /** On `identify`, `group`; exactly as sent: a null removes. */
  traits?: Fields
  /** On `identify`: set only where there is no such trait yet. */
  traitsOnce?: Fields
  /** What the event is worth, in `currency`. */
  value?: number
  currency?: string
  context: Fields
  integrations?: Fields
  /** The times: ISO 8601, UTC, milliseconds. */
  originalTimestamp: string | null
  sentAt: string | null
  timestamp: string
  receivedAt: string
  /** Whether a server's secret or a valid signature stands behind it. */
  verified: boolean
  /** By `context.userAgent` a program and no visitor. */
  bot?: Bot
  /** What was not used because it could not be read; a sentence each. */
  warnings?: string[]
}

/** What an event gets from its request. */
export interface Arrival {
  source: Source
  receivedAtMs: number
  facts: RequestFacts
  /** The `messageId` of a call that has none; the same again when the log is replayed. */
  generatedId: string
  /** Somebody who knows a secret vouches for its user. */
  verified: boolean
}

/** The canonical event of a call that `checkCall` has passed; of any other the result means nothing. */
export function toCanonical(call: Call, arrival: Arrival): CanonicalEvent {
  const raw = call.raw as Fields
  const { envelope, beyond } = call
  const type = call.doorType ?? (raw.type as EventType)
  const warnings: string[] = [...(beyond?.warnings ?? [])]
  const warn = (warning: string) => warnings.push(warning)

  const context = contextOf(type, raw, envelope, arrival.facts)
  const bot = botOf(context.userAgent)
  const integrations = integrationsOf(raw.integrations, envelope.integrations, warn)
  if (!arrival.verified && type !== 'alias' && !isAbsent(raw.signature ?? envelope.signature)) warn(UNUSED_SIGNATURE)
  const said = {
    timestamp: raw.timestamp,
    originalTimestamp: raw.originalTimestamp,
    sentAt: raw.sentAt,
    envelopeSentAt: envelope.sentAt,
    timestampName: call.terms?.names?.timestamp,
    isCorrected: call.terms?.clockIsCorrected,
    agoMs: beyond?.agoMs,
  }
  return {
    type,
    messageId: isAbsent(raw.messageId) ? arrival.generatedId : (raw.messageId as string),
    source: arrival.source,
    userId: readId('userId', idOf(raw, envelope, 'userId'), warn),
    anonymousId: readId('anonymousId', idOf(raw, envelope, 'anonymousId'), warn),
    ...(beyond?.email !== undefined && { email: beyond.email }),
    ...(beyond?.emailVerified === false && { emailVerified: beyond.emailVerified }),
    ...fieldsOfType(type, raw, context, warn),
    ...(beyond?.traitsOnce && { traitsOnce: beyond.traitsOnce }),
    ...(beyond?.value !== undefined && { value: beyond.value }),
    ...(beyond?.currency !== undefined && { currency: beyond.currency }),
    context,
    ...(integrations && { integrations }),
    ...correctClock(said, arrival.receivedAtMs, warn),
    verified: arrival.verified || arrival.facts.verified === true,
    ...(bot && { bot }),
    ...(warnings.length > 0 && { warnings }),
  }
}

/** A wrong one is refused (rules.ts); this one was nobody's to check. */
const UNUSED_SIGNATURE =
  '`signature` was not used: it needs the `userId` that it is of, and an `identitySecret` of the workspace'

const idText = (value: unknown) => (isAbsent(value) ? null : String(value))

/** An id as text. Whole numbers over 2^53 have been rounded when they were read, so that two may be the same now. */
function readId(field: string, value: unknown, warn: (warning: string) => void): string | null {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    warn(`\`${field}\` is a number over 2^53 and was rounded to ${value}: send it as a string`)
  }
  return idText(value)
}

const bagOf = (value: unknown): Fields => (isObject(value) ? value : {})

const isEmpty = (bag: Fields) => {
  for (const _ in bag) return false
  return true
}

function fieldsOfType(type: EventType, raw: Fields, context: Fields, warn: (warning: string) => void) {
  switch (type) {
    case 'track':
      return { event: raw.event as string, properties: bagOf(raw.properties) }
    case 'page':
    case 'screen': {
      const properties = bagOf(raw.properties)
      const name = labelOf('name', raw, properties, warn)
      return { name, category: labelOf('category', raw, properties, warn), properties }
    }
    case 'identify': {
      const traits = bagOf(raw.traits)
      // rudder-web sends the traits of an identify only in its context.
      return { traits: isEmpty(traits) ? bagOf(context.traits) : traits }
    }
    case 'group':
      return { groupId: readId('groupId', raw.groupId, warn)!, traits: bagOf(raw.traits) }
    case 'alias':
      return { previousId: readId('previousId', raw.previousId, warn)! }
  }
}

/** `name` and `category`: of the call, else of its properties. */
function labelOf(field: 'name' | 'category', raw: Fields, properties: Fields, warn: (warning: string) => void) {
  const own = raw[field]
  if (typeof own === 'string' && !isAbsent(own)) return own
  if (!isAbsent(own)) warn(`\`${field}\` is not a string and was not used`)
  const inProperties = properties[field]
  return typeof inProperties === 'string' && !isAbsent(inProperties) ? inProperties : null
}

/** Spread throughout: a key `__proto__` of the sender stays data, where an assignment would set a prototype. */
function contextOf(type: EventType, raw: Fields, envelope: Fields, facts: RequestFacts): Fields {
  const groupId = type === 'group' ? null : idText(idOf(raw, envelope, 'groupId'))
  const context = {
    ...(envelope.context as Fields | null | undefined),
    ...(groupId !== null && { groupId }),
    ...(raw.context as Fields | null | undefined),
  } as Record<string, unknown>
  if (!facts.fromBrowser) return context
  if (isAbsent(context.ip) && facts.ip !== undefined) context.ip = facts.ip
  if (isAbsent(context.userAgent) && facts.userAgent !== undefined) context.userAgent = facts.userAgent
  return context
}

function integrationsOf(own: unknown, shared: unknown, warn: (warning: string) => void): Fields | undefined {
  if (!(isAbsent(own) || isObject(own)) || !(isAbsent(shared) || isObject(shared))) {
    warn('`integrations` is not a JSON object and was not used')
  }
  if (!isObject(own) && !isObject(shared)) return undefined
  return { ...bagOf(shared), ...bagOf(own) }
}
