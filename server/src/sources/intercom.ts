import type { EventType } from '../../../src/wire.ts'
import { type Call, type Fields, isAbsent, isObject } from '../check.ts'
import { isWhat, refused } from '../errors.ts'
import { parseTime } from '../time.ts'
import { type Delivery, limitEvents, type Mapping, mappedDelivery } from './delivery.ts'
import { CONNECTOR_EVENT_MAX_BYTES } from './limits.ts'
import { contentId, emailOf, fieldsOf, isoOf, ownId, present, textOf } from './reading.ts'

const TERMS = { eventMaxBytes: CONNECTOR_EVENT_MAX_BYTES, groupWithoutUser: true }

/** Topics that no person of the customer stands behind. */
const UNSUPPORTED = /^(ping$|(admin|article|job|call)\.)/

/** Topics that something was taken away or ended; the privacy of it is for the product to decide, so nothing is deleted. */
const ENDING = /\.(deleted|archived|unsubscribed|subscribed)$/

/** Topics whose item is the person as it is now. A tag is not of the person's traits. */
const PERSON =
  /^(contact\.(created|updated|signed_up|email\.updated|added_email|unarchived?|merged|(user|lead)\.(?!tag\.).+)|user\.(created|updated|email\.updated)|visitor\.signed_up)$/
const SIGNED_UP = /^(contact\.(lead\.)?|visitor\.)signed_up$/

/** A notification of Intercom, or an array of them. Throws `payload_too_large`. */
export function readIntercom(body: unknown): Delivery {
  const events = Array.isArray(body) ? body : [body]
  limitEvents(events.length)
  return mappedDelivery(events, { isSingle: false, eventMaxBytes: CONNECTOR_EVENT_MAX_BYTES, map: toCalls })
}

function toCalls(notification: Fields): ReturnType<Mapping> {
  const { topic } = notification
  if (typeof topic !== 'string' || isAbsent(topic)) {
    throw refused('invalid_notification', 'have a `topic`', `\`topic\` ${isWhat(topic)}`)
  }
  if (UNSUPPORTED.test(topic)) return { ignored: 'unsupported_topic' }
  const item = fieldsOf(notification.data).item
  if (!isObject(item))
    throw refused('invalid_notification', 'have an object `data.item`', `\`data.item\` ${isWhat(item)}`)

  const call = callMaker(notification, topic)
  const contact = contactOf(item)
  if (topic === 'company.created' || topic === 'company.updated') {
    return { calls: [call({ type: 'group', ...companyOf(item) })] }
  }
  if (topic === 'event.created') {
    const { event_name: event, metadata: properties, created_at } = item
    const person = personOf(contact ?? { user_id: item.user_id, email: item.email, id: item.intercom_user_id })
    if (!isSomebody(person)) return { ignored: 'no_person' }
    return { calls: [call({ type: 'track', event, properties, ...person, timestamp: created_at })] }
  }
  const person = personOf(contact ?? {})
  if (contact === undefined || !isSomebody(person)) return { ignored: 'no_person' }
  const track = (suffix: string) =>
    call({ type: 'track', event: `intercom.${topic}`, properties: detailsOf(topic, item), ...person, suffix })

  if (topic === 'company.contact.attached') {
    const company = fieldsOf(item.company)
    return { calls: [call({ type: 'group', ...person, ...companyOf(company) })] }
  }
  if (!PERSON.test(topic) || ENDING.test(topic)) return { calls: [track('')] }

  const calls = [call({ type: 'identify', ...person, traits: traitsOf(contact), groupId: companyIdOf(contact) })]
  if (SIGNED_UP.test(topic)) calls.push(track('#track'))
  const merged = topic === 'contact.merged' ? textOf(fieldsOf(item.merged_from).id) : undefined
  if (merged !== undefined && person.userId !== undefined) {
    const { userId } = person
    calls.push(call({ type: 'alias', userId, previousId: `intercom:${merged}`, suffix: '#alias' }))
  }
  return { calls }
}

interface CallFields {
  type: EventType
  email?: string | undefined
  timestamp?: unknown
  suffix?: string
  [field: string]: unknown
}

/** What all calls of one notification have in common. */
function callMaker(notification: Fields, topic: string) {
  const id = textOf(notification.id)
  const messageId =
    id !== undefined
      ? ownId('intercom', id)
      : parseTime(notification.created_at) === undefined
        ? undefined
        : contentId('intercom', notification)
  const context = { intercom: present({ topic, appId: textOf(notification.app_id) }) }

  return ({ suffix = '', email, timestamp, ...fields }: CallFields): Call => ({
    raw: {
      ...fields,
      messageId: messageId === undefined ? undefined : messageId + suffix,
      timestamp: timestamp ?? notification.created_at,
      context,
    },
    envelope: {},
    doorType: undefined,
    terms: TERMS,
    beyond: { email },
  })
}

const CONTACT_TYPES: ReadonlySet<unknown> = new Set(['contact', 'user', 'lead', 'visitor'])
const LEAD_TYPES: ReadonlySet<unknown> = new Set(['lead', 'visitor'])

/** The person that an item is, or is about: in conversations and tickets the first of those who take part. */
function contactOf(item: Fields): Fields | undefined {
  if (CONTACT_TYPES.has(item.type)) return item
  const { contact, user, lead, visitor, contacts, customers, source, ticket, conversation } = item
  for (const candidate of [contact, user, lead, visitor]) {
    if (isObject(candidate)) return candidate
  }
  const first = firstOf(contacts) ?? firstOf(customers)
  if (isObject(first)) return asAuthorOf(item, first)
  const { author } = fieldsOf(source)
  if (isObject(author) && CONTACT_TYPES.has(author.type)) return author
  for (const inner of [ticket, conversation]) {
    const candidate = firstOf(fieldsOf(inner).contacts)
    if (isObject(candidate)) return asAuthorOf(fieldsOf(inner), candidate)
  }
  return undefined
}

/** Those who take part are all called contacts; only what one of them wrote says that it is a lead. */
function asAuthorOf(thread: Fields, contact: Fields): Fields {
  const written = [thread.source, thread.conversation_message, ...partsOf(thread)]
  const authors = written.map((part) => fieldsOf(fieldsOf(part).author))
  const lead = authors.find(({ id, type }) => LEAD_TYPES.has(type) && textOf(id) === textOf(contact.id))
  return lead ? { ...contact, type: lead.type } : contact
}

/** The first of a list, which has its items under its own name or `data`. */
function firstOf(list: unknown): unknown {
  if (Array.isArray(list)) return list[0]
  const { contacts, data } = fieldsOf(list)
  return Array.isArray(contacts) ? contacts[0] : Array.isArray(data) ? data[0] : undefined
}

interface Person {
  userId: string | undefined
  anonymousId: string | undefined
  email: string | undefined
}

/** The id of Intercom is always there, so that what came before the customer's own id belongs to the same person. */
function personOf(contact: Fields): Person {
  const { type, role, anonymous, external_id, user_id, id, email } = contact
  // The `external_id` of a lead is made by Intercom, as was its `user_id` where the older API says `anonymous`.
  const isLead = LEAD_TYPES.has(type) || LEAD_TYPES.has(role) || anonymous === true
  const intercomId = textOf(id)
  return {
    userId: isLead ? undefined : (textOf(external_id) ?? textOf(user_id)),
    anonymousId: intercomId === undefined ? undefined : `intercom:${intercomId}`,
    email: emailOf(email),
  }
}

const isSomebody = ({ userId, anonymousId, email }: Person) => (userId ?? anonymousId ?? email) !== undefined

function traitsOf(contact: Fields): Fields {
  const { email, name, phone, avatar, id, role } = contact
  return {
    ...fieldsOf(contact.custom_attributes),
    ...present({
      email: textOf(email),
      name: textOf(name),
      phone: textOf(phone),
      avatar: textOf(avatar) ?? textOf(fieldsOf(avatar).image_url),
      createdAt: isoOf(contact.signed_up_at ?? contact.remote_created_at ?? contact.created_at),
      lastSeenAt: isoOf(contact.last_seen_at ?? contact.last_request_at),
      unsubscribedFromEmails: contact.unsubscribed_from_emails,
      intercomId: textOf(id),
      role: textOf(role),
    }),
  }
}

function companyOf(company: Fields): { groupId: string | undefined; traits: Fields } {
  const { id, company_id, name, website, industry, size, plan, monthly_spend } = company
  const intercomId = textOf(id)
  return {
    groupId: textOf(company_id) ?? (intercomId === undefined ? undefined : `intercom:${intercomId}`),
    traits: {
      ...fieldsOf(company.custom_attributes),
      ...present({
        name: textOf(name),
        website: textOf(website),
        industry: textOf(industry),
        size,
        plan: textOf(plan) ?? textOf(fieldsOf(plan).name),
        monthlySpend: monthly_spend,
        createdAt: isoOf(company.remote_created_at ?? company.created_at),
        intercomId,
      }),
    },
  }
}

/** The company of a person of the older API; newer ones list Intercom's own ids only. */
function companyIdOf(contact: Fields): string | undefined {
  const { companies } = fieldsOf(contact.companies)
  return Array.isArray(companies) ? textOf(fieldsOf(companies[0]).company_id) : undefined
}

/** What is worth counting of an item whose form depends on its topic; never the text of a message. */
function detailsOf(topic: string, item: Fields): Fields {
  if (topic.startsWith('content_stat.')) {
    const { content_type, content_id, content_title, stat_type, channel, ruleset_id, series_id } = item
    return present({
      contentType: content_type,
      contentId: textOf(content_id),
      contentTitle: content_title,
      statType: stat_type,
      channel,
      rulesetId: textOf(ruleset_id),
      seriesId: textOf(series_id),
    })
  }
  const tag = fieldsOf(item.tag ?? firstTagOf(topic, item))
  const tagDetails = { tagId: textOf(tag.id), tagName: textOf(tag.name) }
  if (/^(conversation|ticket)/.test(topic)) return present({ ...threadOf(topic, item), ...tagDetails })
  if (topic.startsWith('company.')) {
    const { company_id, id, name } = fieldsOf(item.company)
    return present({ companyId: textOf(company_id) ?? textOf(id), companyName: textOf(name) })
  }
  return present(tagDetails)
}

/** A tagged thread lists its tags; the newest is the last. */
function firstTagOf(topic: string, item: Fields): unknown {
  if (!topic.includes('tag')) return undefined
  const added = fieldsOf(item.tags_added).tags
  const { tags } = fieldsOf(item.tags)
  return Array.isArray(added) ? added.at(-1) : Array.isArray(tags) ? tags.at(-1) : undefined
}

function threadOf(topic: string, item: Fields): Fields {
  const isTicket = topic.startsWith('ticket.')
  const thread = fieldsOf(isTicket ? (item.ticket ?? item) : (item.conversation ?? item))
  // A notification brings the parts that it is about; the newest is the last.
  const part = fieldsOf(partsOf(thread).at(-1) ?? item.ticket_part)
  const author = fieldsOf(part.author ?? fieldsOf(thread.conversation_message).author ?? fieldsOf(thread.source).author)
  const state = thread.state ?? thread.ticket_state
  return {
    ...(isTicket
      ? { ticketId: textOf(thread.id) ?? textOf(thread.ticket_id) }
      : { conversationId: textOf(thread.id) ?? textOf(fieldsOf(thread.model).id) ?? textOf(item.conversation_id) }),
    state: textOf(state) ?? textOf(fieldsOf(state).category),
    open: thread.open,
    rating: fieldsOf(thread.conversation_rating).rating,
    partType: part.part_type,
    authorType: author.type,
    assigneeId: textOf(fieldsOf(thread.assignee).id) ?? textOf(thread.admin_assignee_id),
  }
}

function partsOf({ conversation_parts, ticket_parts }: Fields): readonly unknown[] {
  const lists = [fieldsOf(conversation_parts).conversation_parts, fieldsOf(ticket_parts).ticket_parts]
  return lists.find(Array.isArray) ?? []
}
