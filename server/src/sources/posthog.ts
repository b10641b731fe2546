import { ID_MAX_CHARS } from '../../../src/limits.ts'
import type { EventType } from '../../../src/wire.ts'
import { type Call, type Fields, isAbsent, isObject } from '../check.ts'
import { isWhat, refused } from '../errors.ts'
import type { RequestFacts } from '../log/port.ts'
import { parseTime } from '../time.ts'
import { type Delivery, type IgnoredReason, limitEvents, type Mapping, mappedDelivery } from './delivery.ts'
import { CONNECTOR_EVENT_MAX_BYTES } from './limits.ts'
import { unpackLzString } from './lz-string.ts'
import { ACCOUNT_TYPES, accountOf, contentId, fieldsOf, isEmpty, ownId, pick, present, textOf } from './reading.ts'

const TERMS = { eventMaxBytes: CONNECTOR_EVENT_MAX_BYTES, groupWithoutUser: true }

/** Not PostHog's own: what begins with `$` is. */
const isCustom = (key: string) => !key.startsWith('$')

/** Of the properties, those that say who sends. */
const isProperty = (key: string) => isCustom(key) && key !== 'token' && key !== 'distinct_id'

/**
 * The events of a body of PostHog: of the webhook `{ event: {…}, person }`, of clients one event, `{ batch }` or an
 * array. Throws `payload_too_large`.
 */
export function readPostHog(body: unknown, { sentAtMs }: RequestFacts): Delivery {
  const events = eventsOf(body)
  limitEvents(events.length)
  const { sent_at, sentAt: sentAtOfPython, created_at, batch } = fieldsOf(body)
  // In a webhook's edited body `created_at` may be anything.
  const sentAt = sent_at ?? sentAtOfPython ?? sentAtMs ?? (Array.isArray(batch) ? created_at : undefined)
  const map: Mapping = (event) => {
    // Customers edit the webhook's body: a flat one has the name of the event where the default has the event, and what
    // they take out of the event stands beside it.
    if (!isObject(event.event)) return toCalls(event, fieldsOf(event.person), sentAt)
    const { event: own, person, ...beside } = event
    return toCalls({ ...beside, ...(own as Fields) }, fieldsOf(person), sentAt)
  }
  return mappedDelivery(events, { isSingle: false, eventMaxBytes: CONNECTOR_EVENT_MAX_BYTES, map })
}

function eventsOf(body: unknown): readonly unknown[] {
  if (Array.isArray(body)) return body
  return isObject(body) && Array.isArray(body.batch) ? body.batch : [body]
}

/** The key of a body, which a client was given as its project's: `api_key`; old ones put it in the properties as `token`. */
export function postHogKeyOf(body: unknown): unknown {
  const [first] = eventsOf(body)
  const places = [fieldsOf(body), fieldsOf(first), fieldsOf(fieldsOf(first).properties)]
  for (const { api_key, token, $token, writeKey } of places) {
    const key = [api_key, token, $token, writeKey].find((value) => typeof value === 'string' && !isAbsent(value))
    if (key !== undefined) return key
  }
  return undefined
}

/**
 * What a body wraps, which is no JSON itself: what is posted as a form stands in `data`; that, or the body, may be base64
 * (of a gzip, at times), or what lz-string makes of it, as posthog-js-lite sends. A form's plus may have become a blank on
 * the way. Throws `payload_too_large`.
 */
export function decodePostHog(body: Buffer): Buffer {
  if (isJson(body)) return body
  const text = body.toString('utf8')
  const form = FORM.test(text) ? new URLSearchParams(text) : undefined
  const data = form ? (form.get('data') ?? '') : text
  const plain = Buffer.from(data)
  if (isJson(plain)) return plain
  const base64 = data.replaceAll(' ', '+')
  const decoded = Buffer.from(base64, 'base64')
  if (isJson(decoded) || isGzip(decoded)) return decoded
  return (form?.get('compression') === 'lz64' && unpackLzString(base64)) || body
}

const FORM = /(^|&)data=/

const isJson = (text: Buffer) => /^\s*[[{]/.test(text.toString('latin1', 0, 16))

const isGzip = (bytes: Buffer) => bytes[0] === 0x1f && bytes[1] === 0x8b

function toCalls(event: Fields, person: Fields, sentAt: unknown): ReturnType<Mapping> {
  const properties = propertiesOf(event)
  const distinctId = distinctIdOf(event, properties)
  const call = callMaker(event, { properties, person, sentAt })
  const sets = setsOf(event, properties)
  // Until 2024 posthog-js sent `people.set` to `/engage`, without a name.
  const name = event.event === undefined && isSetting(sets) ? '$set' : event.event

  switch (name) {
    case '$identify':
      return call({ type: 'identify', userId: distinctId, anonymousId: anonymousOf(properties), ...sets })
    case '$set':
      return call({ type: 'identify', ...identityOf(distinctId, properties), ...sets })
    case '$create_alias':
    case '$merge_dangerously':
      return call({ type: 'alias', userId: distinctId, previousId: properties.alias })
    case '$groupidentify':
      return groupOf(call, distinctId, properties)
  }

  const who = identityOf(distinctId, properties)
  const own = mainCall(name, properties)
  const setting = isSetting(sets) ? call({ type: 'identify', ...who, ...sets, suffix: '#set' }).calls : []
  if (own === undefined) return setting.length > 0 ? { calls: setting } : { ignored: 'posthog_internal_event' }
  return { calls: [...setting, ...call({ ...own, ...who }).calls] }
}

/** What posthog-js calls all who have no cookies: who becomes a user was not all of them. */
const COOKIELESS_ID = '$posthog_cookieless'

const anonymousOf = ({ $anon_distinct_id: id }: Fields) => (id === COOKIELESS_ID ? undefined : id)

/** Clients of `/i/v1` say beside the properties what all others say among them. */
function propertiesOf({ properties, options, session_id }: Fields): Fields {
  if (options === undefined && session_id === undefined) return fieldsOf(properties)
  const { process_person_profile, disable_skew_correction } = fieldsOf(options)
  const beside = {
    $process_person_profile: process_person_profile,
    $ignore_sent_at: disable_skew_correction,
    $session_id: session_id,
  }
  return { ...present(beside), ...fieldsOf(properties) }
}

/** A call of its own, for what is not of PostHog's inner life. */
function mainCall(name: unknown, properties: Fields): CallFields | undefined {
  const own = pick(properties, isProperty)
  if (name === '$pageview') {
    return { type: 'page', name: properties.title, properties: { ...placeOf(properties), ...own } }
  }
  if (name === '$screen') return { type: 'screen', name: properties.$screen_name, properties: own }
  if (typeof name === 'string' && name.startsWith('$')) return undefined
  return { type: 'track', event: name, properties: own }
}

function groupOf(
  call: (fields: CallFields) => { calls: Call[] },
  distinctId: string | number,
  properties: Fields,
): { calls: Call[] } | { ignored: IgnoredReason } {
  const { $group_type: type, $group_key: key, $group_set: set } = properties
  if (typeof type !== 'string' || !ACCOUNT_TYPES.has(type)) return { ignored: 'group_type_not_account' }
  // posthog-node makes this up where the caller names no user.
  const isNobody = distinctId === `$${type}_${textOf(key)}`
  const who = isNobody ? {} : identityOf(distinctId, properties)
  return call({ type: 'group', ...who, groupId: key, traits: isObject(set) ? pick(set, isCustom) : orNone(set) })
}

/** The SDK for PHP sends a group without properties so: an empty map is `[]` there. */
const orNone = (set: unknown) => (Array.isArray(set) && set.length === 0 ? undefined : set)

/** As sent. Throws `invalid_distinct_id` and `missing_identity`. */
function distinctIdOf(event: Fields, properties: Fields): string | number {
  const said = [event.distinct_id, event.$distinct_id, properties.distinct_id].find((id) => !isAbsent(id))
  if (said === undefined) throw refused('missing_identity', ['distinct_id'])
  const id = textOf(said)
  if (id === undefined) throw refused('invalid_distinct_id', isWhat(said))
  if (id.length > ID_MAX_CHARS) throw refused('invalid_distinct_id', `has ${id.length}`)
  return typeof said === 'number' ? said : id
}

/** `distinct_id` is one field for two kinds of ids; `$device_id` is of no use here: it outlives `reset()`. */
function identityOf(distinctId: string | number, { $is_identified, $process_person_profile }: Fields) {
  const isAnonymous =
    $is_identified === false || (typeof $is_identified !== 'boolean' && $process_person_profile === false)
  return isAnonymous ? { anonymousId: distinctId } : { userId: distinctId }
}

/** What an event sets of the person; clients put it beside the properties or among them. */
function setsOf(event: Fields, properties: Fields): { traits: Fields; traitsOnce?: Fields } {
  const of = (key: '$set' | '$set_once') => ({ ...fieldsOf(event[key]), ...fieldsOf(properties[key]) })
  const unset = [event.$unset, properties.$unset].flatMap((keys) =>
    Array.isArray(keys) ? keys : Object.keys(fieldsOf(keys)),
  )
  const removed = unset.flatMap((key) => (typeof key === 'string' ? [[key, null] as const] : []))
  const traits = Object.fromEntries([...Object.entries(of('$set')), ...removed].filter(([key]) => isCustom(key)))
  const traitsOnce = pick(of('$set_once'), (key, value) => isCustom(key) && value !== null)
  return isEmpty(traitsOnce) ? { traits } : { traits, traitsOnce }
}

const isSetting = ({ traits, traitsOnce }: ReturnType<typeof setsOf>) => !isEmpty(traits) || traitsOnce !== undefined

interface CallFields {
  type: EventType
  traitsOnce?: Fields
  suffix?: string
  [field: string]: unknown
}

/** What all calls of one event have in common. */
function callMaker(
  event: Fields,
  { properties, person, sentAt }: { properties: Fields; person: Fields; sentAt: unknown },
) {
  const { timestamp, offset } = event
  const id = textOf(event.uuid) ?? textOf(properties.$insert_id)
  const messageId =
    id !== undefined
      ? ownId('posthog', id)
      : parseTime(timestamp) === undefined
        ? undefined
        : contentId('posthog', event)
  const context = contextOf(properties, person)
  const agoMs = typeof offset === 'number' ? offset : undefined
  const skewedAt = properties.$ignore_sent_at === true ? undefined : (event.sent_at ?? sentAt)

  return ({ suffix = '', traitsOnce, ...fields }: CallFields): { calls: Call[] } => {
    const ownMessageId = messageId === undefined ? undefined : messageId + suffix
    const raw = { ...fields, messageId: ownMessageId, timestamp, sentAt: skewedAt, context }
    return { calls: [{ raw, envelope: {}, doorType: undefined, terms: TERMS, beyond: { traitsOnce, agoMs } }] }
  }
}

/** Where the event happened, as in Segment's `page`. */
function placeOf({ $current_url, $pathname, $referrer }: Fields): Fields {
  return present({
    url: textOf($current_url),
    path: textOf($pathname),
    referrer: $referrer === '$direct' ? '' : textOf($referrer),
  })
}

function contextOf(properties: Fields, person: Fields): Fields {
  const place = present({ ...placeOf(properties), title: textOf(properties.title) })
  const library = present({ name: textOf(properties.$lib), version: textOf(properties.$lib_version) })
  const groups = fieldsOf(properties.$groups)
  const traits = pick(fieldsOf(person.properties), isCustom)
  return present({
    library: isEmpty(library) ? undefined : library,
    page: isEmpty(place) ? undefined : place,
    userAgent: textOf(properties.$raw_user_agent) ?? textOf(properties.$useragent),
    locale: textOf(properties.$browser_language) ?? textOf(properties.$locale),
    timezone: textOf(properties.$timezone),
    ip: textOf(properties.$ip),
    sessionId: textOf(properties.$session_id),
    groups: isEmpty(groups) ? undefined : groups,
    groupId: accountOf(groups),
    traits: isEmpty(traits) ? undefined : traits,
  })
}
