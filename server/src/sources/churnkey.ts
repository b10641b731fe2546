import type { EventType } from '../../../src/wire.ts'
import { type Call, type Fields, isAbsent, isObject } from '../check.ts'
import { isWhat, refuse, refused } from '../errors.ts'
import type { RequestFacts } from '../log/port.ts'
import { type Delivery, type Mapping, mappedDelivery } from './delivery.ts'
import { CHURNKEY_BULK_MAX_EVENTS, CONNECTOR_EVENT_MAX_BYTES } from './limits.ts'
import { emailOf, fieldsOf, isEmpty, present, textOf } from './reading.ts'

/** The endpoints below `/v1/api/events/`. */
export type ChurnkeyDoor = 'new' | 'bulk' | 'customer-update'

/** Events and updates of Churnkey. Throws `invalid_batch` and `batch_too_large`. */
export function readChurnkey(door: ChurnkeyDoor, body: unknown, { verified }: RequestFacts): Delivery {
  if (door !== 'bulk') {
    const map: Mapping = door === 'new' ? (event) => newCalls(event, verified === true) : updateCalls
    return mappedDelivery([body], { isSingle: true, eventMaxBytes: CONNECTOR_EVENT_MAX_BYTES, map })
  }
  if (!Array.isArray(body)) throw refused('invalid_batch', 'The body must be an array of events', isWhat(body))
  if (body.length > CHURNKEY_BULK_MAX_EVENTS) throw refused('batch_too_large', CHURNKEY_BULK_MAX_EVENTS, body.length)
  return mappedDelivery(body, { isSingle: false, eventMaxBytes: CONNECTOR_EVENT_MAX_BYTES, map: bulkCalls })
}

/** What `authHash` is the HMAC of. */
export function churnkeySignedText(body: Fields): string {
  return textOf(body.customerId) ?? textOf(body.customerEmail) ?? ''
}

/** Whether an event says no id of anybody beside the one that its `authHash` is of, which vouches for nobody else. */
export function isSignedAlone(body: Fields): boolean {
  const signed = churnkeySignedText(body)
  return [body.uid, fieldsOf(body.user).uid].every((id) => isAbsent(id) || textOf(id) === signed)
}

/** Without a secret behind it an event says what happened, and changes nothing of the customer. */
function newCalls(event: Fields, verified: boolean): ReturnType<Mapping> {
  const customer = customerOf(event)
  const updates = updatesOf(event, customer)
  if (verified) return { calls: [...updates, trackOf(event, customer)] }
  const warnings = updates.length === 0 ? [] : ['customer data was not used: no secret stands behind the request']
  return { calls: [trackOf(event, customer, warnings)] }
}

function bulkCalls(event: Fields): ReturnType<Mapping> {
  if (!isAbsent(event.customerData)) return { refusal: refuse('data_update_not_allowed', 'customerData') }
  if (!isAbsent(fieldsOf(event.user).data)) return { refusal: refuse('data_update_not_allowed', 'user.data') }
  return { calls: [trackOf(event, customerOf(event))] }
}

function updateCalls(update: Fields): ReturnType<Mapping> {
  const calls = updatesOf(update, customerOf(update))
  return calls.length === 0 ? { refusal: refuse('missing_customer_data') } : { calls }
}

interface Customer {
  /** What every call about it says. */
  fields: { userId: string | undefined; context: Fields }
  /** Which fields of the event say these ids. */
  names: { userId: string; groupId: string }
  email: string | undefined
  emailVerified: false | undefined
  /** There where a person of the customer is named: then the customer is the account. */
  accountId: string | undefined
}

/** Throws `invalid_user_id`, `invalid_traits`, `invalid_email` and `missing_identity`. */
function customerOf({ customerId, uid, customerEmail, user, authHash }: Fields): Customer {
  if (!isAbsent(user) && !isObject(user)) throw refused('invalid_traits', isWhat(user), 'user')
  for (const [name, id] of Object.entries({ customerId, uid, 'user.uid': fieldsOf(user).uid })) {
    if (!isAbsent(id) && textOf(id) === undefined) throw refused('invalid_user_id', isWhat(id), name)
  }
  const email = emailOf(customerEmail)
  if (email === undefined && !isAbsent(customerEmail)) {
    throw refused('invalid_email', isWhat(customerEmail), 'customerEmail')
  }

  const ownId = textOf(uid) ?? textOf(customerId)
  const person = textOf(fieldsOf(user).uid)
  if (ownId === undefined && email === undefined) throw refused('missing_identity', ['customerId', 'uid'])
  const accountId = person === undefined ? undefined : ownId
  const billingId = textOf(customerId)
  const context = present({
    groupId: accountId,
    externalIds: billingId === undefined ? undefined : { churnkeyCustomerId: billingId },
  })
  // The hash is of the id where there is one: whoever has that of his own could claim any address beside it.
  const emailVerified = email === undefined || billingId === undefined || isAbsent(authHash) ? undefined : false
  const ownName = textOf(uid) === undefined ? 'customerId' : 'uid'
  const names = { userId: person === undefined ? ownName : 'user.uid', groupId: ownName }
  return { fields: { userId: person ?? ownId, context }, names, email, emailVerified, accountId }
}

function updatesOf({ customerData, user, eventDate }: Fields, customer: Customer): Call[] {
  const { accountId } = customer
  const { data } = fieldsOf(user)
  const calls: Call[] = []
  const add = (type: EventType, name: string, fields: Fields) =>
    calls.push(toCall({ type, ...fields, timestamp: eventDate }, customer, { traits: name }))
  if (accountId !== undefined) {
    if (!isAbsent(customerData)) add('group', 'customerData', { groupId: accountId, traits: customerData })
    if (!isAbsent(data)) add('identify', 'user.data', { traits: data })
  } else {
    const both = isObject(customerData) && isObject(data) ? { ...customerData, ...data } : undefined
    const name = isAbsent(customerData) ? 'user.data' : 'customerData'
    const traits = both ?? (isAbsent(customerData) ? data : customerData)
    if (!isAbsent(traits) && !(isObject(traits) && isEmpty(traits))) add('identify', name, { traits })
  }
  return calls
}

const trackOf = ({ event, eventData, eventDate }: Fields, customer: Customer, warnings?: string[]): Call =>
  toCall({ type: 'track', event, properties: eventData, timestamp: eventDate }, customer, { warnings })

/** Never with a `messageId`: its times are days, and equal events of a day are legitimate. */
function toCall(
  fields: Fields,
  { fields: common, names, email, emailVerified }: Customer,
  { traits, warnings }: { traits?: string; warnings?: string[] | undefined },
): Call {
  const named = { ...names, properties: 'eventData', timestamp: 'eventDate', ...(traits !== undefined && { traits }) }
  const terms = { eventMaxBytes: CONNECTOR_EVENT_MAX_BYTES, names: named }
  const beyond = { email, emailVerified, warnings }
  return { raw: { ...common, ...fields }, envelope: {}, doorType: undefined, terms, beyond }
}
