import type { EventType } from '../../../src/wire.ts'
import { type Call, type Fields, isAbsent, isObject, type Terms } from '../check.ts'
import { isWhat, refused } from '../errors.ts'
import type { RequestFacts } from '../log/port.ts'
import { type Delivery, type Mapping, mappedDelivery } from './delivery.ts'
import { CONNECTOR_EVENT_MAX_BYTES } from './limits.ts'
import { ACCOUNT_TYPES, accountOf, emailOf, fieldsOf, isEmpty, ownId, present, textOf } from './reading.ts'

const LIMITS = { eventMaxBytes: CONNECTOR_EVENT_MAX_BYTES, groupWithoutUser: true }
const TERMS = {
  contact: { ...LIMITS, names: { traits: 'properties' } },
  event: { ...LIMITS, names: { event: 'name', properties: 'eventProperties', traits: 'contactProperties' } },
  group: { ...LIMITS, names: { groupId: 'groupKey', traits: 'properties' } },
}

/** `PUT /v1/contacts`, `POST /v1/events`, `POST /v1/groups`. */
export type HogsendDoor = 'contact' | 'event' | 'group'

const MAPPINGS: { readonly [door in HogsendDoor]: (body: Fields, facts: RequestFacts) => ReturnType<Mapping> } = {
  contact: contactCalls,
  event: eventCalls,
  group: groupCalls,
}

/** A contact, an event or a group of Hogsend. */
export function readHogsend(door: HogsendDoor, body: unknown, facts: RequestFacts): Delivery {
  const map: Mapping = (fields) => MAPPINGS[door](fields, facts)
  return mappedDelivery([body], { isSingle: true, eventMaxBytes: CONNECTOR_EVENT_MAX_BYTES, map })
}

/** The ids by which a request names a contact. Throws `invalid_user_id`, `invalid_email` and `missing_identity`. */
export function hogsendIdentity({ userId, email }: Fields): { userId: string | undefined; email: string | undefined } {
  const id = textOf(userId)
  if (id === undefined && !isAbsent(userId)) throw refused('invalid_user_id', isWhat(userId))
  const address = emailOf(email)
  if (address === undefined && !isAbsent(email)) throw refused('invalid_email', isWhat(email))
  // An anonymousId alone says no contact.
  if (id === undefined && address === undefined) throw refused('missing_identity', ['userId', 'email'])
  return { userId: id, email: address }
}

/** The `messageId` of an event, by its idempotency key: that of the header, else of the body; undefined without one. */
export function hogsendMessageId(body: Fields, header: unknown): string | undefined {
  const key = textOf(header) ?? textOf(body.idempotencyKey)
  return key === undefined ? undefined : ownId('hogsend', key)
}

function contactCalls(body: Fields): ReturnType<Mapping> {
  const { properties, lists } = body
  const own = isObject(properties) || isAbsent(properties) ? fieldsOf(properties) : undefined
  const email = textOf(body.email)
  const traits = own === undefined ? properties : { ...own, ...(email !== undefined && { email }) }
  return { calls: [toCall(body, { type: 'identify', traits, context: present({ lists }) }, TERMS.contact)] }
}

/** The two bags stay two: what an event is about is no trait of the contact. */
function eventCalls(body: Fields, { idempotencyKey }: RequestFacts): ReturnType<Mapping> {
  const { name, eventProperties, contactProperties, lists, groups, timestamp } = body
  const messageId = hogsendMessageId(body, idempotencyKey)
  const warnings: string[] = []
  const context = present({
    lists,
    groups: isObject(groups) && !isEmpty(groups) ? groups : undefined,
    groupId: accountOf(fieldsOf(groups)),
  })
  const happened = { type: 'track' as const, messageId, event: name, properties: eventProperties, timestamp, context }
  const track = toCall(body, happened, TERMS.event)
  track.beyond = { ...track.beyond, ...worthOf(body, warnings), warnings }
  if (isAbsent(contactProperties) || (isObject(contactProperties) && isEmpty(contactProperties)))
    return { calls: [track] }
  const contactId = messageId === undefined ? undefined : `${messageId}#contact`
  const contact = { type: 'identify' as const, messageId: contactId, traits: contactProperties, timestamp, context }
  return { calls: [toCall(body, contact, TERMS.event), track] }
}

function groupCalls(body: Fields): ReturnType<Mapping> {
  const { groupType, groupKey, displayName, properties } = body
  if (typeof groupType !== 'string' || isAbsent(groupType)) throw refused('missing_group_id', 'groupType')
  if (!ACCOUNT_TYPES.has(groupType)) return { ignored: 'group_type_not_account' }
  const name = textOf(displayName)
  const traits = isObject(properties) || isAbsent(properties) ? { ...fieldsOf(properties) } : properties
  const named = isObject(traits) && name !== undefined ? { name, ...traits } : traits
  const raw = { type: 'group', groupId: groupKey, traits: named, context: { groupType } }
  return { calls: [{ raw, envelope: {}, doorType: undefined, terms: TERMS.group }] }
}

function toCall(body: Fields, fields: Fields & { type: EventType }, terms: Terms): Call {
  const { userId, email } = hogsendIdentity(body)
  const raw = { userId, anonymousId: body.anonymousId, ...fields }
  return { raw, envelope: {}, doorType: undefined, terms, beyond: { email } }
}

/** `value` and the currency that it is in, which says nothing without it. */
function worthOf({ value, currency }: Fields, warnings: string[]): { value?: number; currency?: string } {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    warnings.push(`\`value\` must be a number and was not used; it ${isWhat(value)}`)
    return {}
  }
  if (isAbsent(currency)) return { value }
  if (typeof currency === 'string' && /^[a-z]{3}$/i.test(currency)) return { value, currency: currency.toUpperCase() }
  warnings.push(`\`currency\` must be three letters and was not used; it ${isWhat(currency)}`)
  return { value }
}
