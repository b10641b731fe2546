import { EVENT_MAX_AGE_MS, ID_MAX_CHARS } from '../../src/limits.ts'
import type { CanonicalEvent } from './canonical.ts'
import { type Fields, isAbsent, isObject } from './check.ts'
import type { Said, StoredEvent } from './store/changes.ts'
import { asWhole, toKept } from './store/event-json.ts'

/** What some sources say besides. */
type Canonical = CanonicalEvent & { readonly email?: string | null; readonly traitsOnce?: Fields }

/** What an event does not say itself. */
type Place = Pick<StoredEvent, 'workspace' | 'receivedAtMs' | 'idGenerated'> & Partial<Pick<StoredEvent, 'origin'>>

/**
 * A canonical event with all by which the store finds it and knows whose it is. Pure: of the same event always the same.
 * `json`: the event as it is written already, which is kept as it is.
 */
export function toStoredEvent(
  event: Canonical,
  { workspace, receivedAtMs, idGenerated, origin }: Place,
  json?: string,
): StoredEvent {
  const { messageId, type, source, userId, anonymousId, event: name = null, properties, traits } = event
  const kept = json === undefined ? toKept(event) : asWhole(event, json)
  return {
    ...kept,
    workspace,
    messageId,
    idGenerated,
    type,
    source,
    userId,
    anonymousId,
    event: name,
    receivedAtMs,
    timed: (event.originalTimestamp ?? null) !== null,
    said: whatItSays(event, kept),
    name: name ?? event.name ?? '',
    bag: properties ?? traits,
    origin,
  }
}

function whatItSays(event: Canonical, { atMs, receivedAfter }: Pick<StoredEvent, 'atMs' | 'receivedAfter'>): Said {
  const { type, context, verified, email, emailVerified } = event
  return {
    email: email && emailVerified !== false ? email.toLowerCase() : null,
    previousId: event.previousId ?? null,
    groupId: groupOf(type === 'group' ? event.groupId : context.groupId),
    traits: type === 'identify' ? event.traits : undefined,
    traitsOnce: event.traitsOnce,
    contextTraits: isObject(context.traits) && type !== 'group' ? context.traits : undefined,
    accountTraits: type === 'group' ? event.traits : undefined,
    verified,
    // The SDK keeps no event for longer, so whoever did not make the time up is not touched.
    late: !verified && (receivedAfter ?? Date.parse(event.receivedAt) - atMs) > EVENT_MAX_AGE_MS,
  }
}

/** `context` is as it was sent, so what stands there is looked at like an id. */
function groupOf(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return typeof value === 'string' && !isAbsent(value) && value.length <= ID_MAX_CHARS ? value : null
}
