import { EVENT_MAX_BYTES, ID_MAX_CHARS, MESSAGE_ID_MAX_CHARS } from '../../src/limits.ts'
import type { EventType } from '../../src/wire.ts'
import { isWhat, NESTING_MAX_LEVELS, type Refusal, type RefusalCode, refuse } from './errors.ts'
import { excessOf } from './json-size.ts'

/** A JSON object whose fields were not looked at yet. */
export type Fields = { readonly [key: string]: unknown }

/** A call as its source gave it. */
export interface Call {
  raw: unknown
  /** The envelope's own fields, which stand under the call's; `{}` where there is no envelope. */
  envelope: Fields
  /** The type that the endpoint says; undefined where the call has to. */
  doorType: EventType | undefined
  /** Those of the native endpoints if there are none. */
  terms?: Terms | undefined
  /** What a source says beyond the fields of a call. */
  beyond?: Beyond | undefined
}

/** Where the rules of a source differ from those of the native endpoints. */
export interface Terms {
  /** Longest event, as JSON in UTF-8. */
  eventMaxBytes: number
  /** The source's own form has groups that no user stands in. */
  groupWithoutUser?: boolean
  /** The source has corrected `timestamp` already. */
  clockIsCorrected?: boolean
  /** What the source calls fields that it calls otherwise: a refusal names what the sender wrote. */
  names?: { readonly [field in NamedField]?: string }
}

type NamedField = 'userId' | 'anonymousId' | 'groupId' | 'event' | 'properties' | 'traits' | 'timestamp'

/** Fields of the canonical event that only some sources know; checked by them. */
export interface Beyond {
  /** An identity, in lower case. */
  email?: string | undefined
  /** What vouches for the user does not for `email`. */
  emailVerified?: false | undefined
  /** Set only where the person has no such trait yet. */
  traitsOnce?: Fields | undefined
  value?: number | undefined
  currency?: string | undefined
  /** How long before the request it happened; it comes before a time. Finite. */
  agoMs?: number | undefined
  warnings?: readonly string[] | undefined
}

const NATIVE_TERMS: Terms = { eventMaxBytes: EVENT_MAX_BYTES }

export const EVENT_TYPES: readonly EventType[] = ['identify', 'track', 'page', 'screen', 'group', 'alias']

const TYPES: ReadonlySet<unknown> = new Set(EVENT_TYPES)

export const isEventType = (value: unknown): value is EventType => TYPES.has(value)

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** More blanks than that are something: an envelope's are looked at for each of its calls, and could be megabytes. */
const BLANK_MAX_CHARS = 1024

/** Null, an empty string and blanks say nothing, as clients send them for what they don't know. */
export const isAbsent = (value: unknown): value is undefined | null | '' =>
  value === undefined ||
  value === null ||
  (typeof value === 'string' && value.length <= BLANK_MAX_CHARS && value.trim() === '')

/** An id of the call, else of its envelope; as sent. */
export const idOf = (call: Fields, envelope: Fields, field: string): unknown =>
  isAbsent(call[field]) ? envelope[field] : call[field]

/** The `messageId` by which an answer names a call; null where there is none that could be one. */
export function messageIdOf(raw: unknown): string | null {
  const id = isObject(raw) ? raw.messageId : undefined
  return typeof id === 'string' && !isAbsent(id) && id.length <= MESSAGE_ID_MAX_CHARS ? id : null
}

/**
 * The verdict on one call: the first thing that is wrong with it, or undefined. Pure, and allocates nothing for a good
 * call: it is asked twice, before the answer and when the log is processed, and both must agree.
 */
export function checkCall({ raw, envelope, doorType, terms = NATIVE_TERMS, beyond }: Call): Refusal | undefined {
  if (!isObject(raw)) return refuse('invalid_event', 'be a JSON object', isWhat(raw))
  const { names } = terms
  return (
    checkType(raw, doorType) ??
    checkMessageId(raw.messageId) ??
    checkId(idOf(raw, envelope, 'userId'), 'invalid_user_id', names?.userId) ??
    checkId(idOf(raw, envelope, 'anonymousId'), 'invalid_anonymous_id', names?.anonymousId) ??
    checkIdentity(doorType ?? (raw.type as EventType), raw, envelope, terms, beyond) ??
    checkOfType(doorType ?? (raw.type as EventType), raw, envelope, names) ??
    checkBag(raw.context, 'invalid_context') ??
    checkBag(envelope.context, 'invalid_context') ??
    checkSize(raw, terms.eventMaxBytes)
  )
}

function checkType({ type }: Fields, doorType: EventType | undefined): Refusal | undefined {
  if (doorType) return isAbsent(type) || type === doorType ? undefined : refuse('type_mismatch', doorType, isWhat(type))
  if (isAbsent(type)) return refuse('missing_type')
  return isEventType(type) ? undefined : refuse('unknown_type', isWhat(type))
}

function checkOfType(type: EventType, call: Fields, envelope: Fields, names: Terms['names']): Refusal | undefined {
  const groupId = type === 'group' ? call.groupId : idOf(call, envelope, 'groupId')
  const group = checkId(groupId, 'invalid_group_id', names?.groupId)
  if (group) return group
  switch (type) {
    case 'track':
      return (
        checkEventName(call.event, names?.event) ?? checkBag(call.properties, 'invalid_properties', names?.properties)
      )
    case 'page':
    case 'screen':
      return checkBag(call.properties, 'invalid_properties', names?.properties)
    case 'identify':
      return checkBag(call.traits, 'invalid_traits', names?.traits)
    case 'group':
      if (isAbsent(groupId)) return refuse('missing_group_id', names?.groupId)
      return checkBag(call.traits, 'invalid_traits', names?.traits)
    case 'alias':
      return isAbsent(call.previousId) ? refuse('missing_previous_id') : checkId(call.previousId, 'invalid_previous_id')
  }
}

function checkIdentity(
  type: EventType,
  call: Fields,
  envelope: Fields,
  terms: Terms,
  beyond: Beyond | undefined,
): Refusal | undefined {
  const noUser = isAbsent(idOf(call, envelope, 'userId'))
  if (type === 'alias') return noUser ? refuse('missing_user_id', 'the id that `previousId` becomes') : undefined
  if (!noUser || !isAbsent(idOf(call, envelope, 'anonymousId')) || beyond?.email !== undefined) return undefined
  if (type === 'group' && terms.groupWithoutUser) return undefined
  const { userId = 'userId', anonymousId = 'anonymousId' } = terms.names ?? {}
  return refuse('missing_identity', [userId, anonymousId])
}

function checkEventName(event: unknown, name: string | undefined): Refusal | undefined {
  if (isAbsent(event)) return refuse('missing_event', name)
  return typeof event === 'string' ? undefined : refuse('invalid_event_name', isWhat(event), name)
}

function checkMessageId(value: unknown): Refusal | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') return refuse('invalid_message_id', isWhat(value))
  return value.length > MESSAGE_ID_MAX_CHARS ? refuse('invalid_message_id', `has ${value.length}`) : undefined
}

type IdCode = Extract<
  RefusalCode,
  'invalid_user_id' | 'invalid_anonymous_id' | 'invalid_group_id' | 'invalid_previous_id'
>

function checkId(value: unknown, code: IdCode, name?: string): Refusal | undefined {
  if (typeof value === 'string') {
    return value.length > ID_MAX_CHARS && !isAbsent(value) ? refuse(code, `has ${value.length}`, name) : undefined
  }
  if (value === undefined || value === null || Number.isFinite(value)) return undefined
  return refuse(code, isWhat(value), name)
}

type BagCode = Extract<RefusalCode, 'invalid_properties' | 'invalid_traits' | 'invalid_context'>

function checkBag(value: unknown, code: BagCode, name?: string): Refusal | undefined {
  return value === undefined || value === null || isObject(value) ? undefined : refuse(code, isWhat(value), name)
}

/** Whether an event is too long or nested too deep. */
export function checkSize(event: unknown, maxBytes: number): Refusal | undefined {
  const excess = excessOf(event, maxBytes, NESTING_MAX_LEVELS)
  if (excess === undefined) return undefined
  return excess === 'levels'
    ? refuse('invalid_event', `be nested at most ${NESTING_MAX_LEVELS} levels deep`, 'is deeper')
    : refuse('event_too_large', maxBytes, excess)
}
