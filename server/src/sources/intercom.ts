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
    const person = personOf(contact ?? subjectOf(item))
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

  const calls = [call({ type: 'identify', ...person, traits: traitsOf(contact) })]
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

/** The person that an item is, or is about. */
function contactOf(item: Fields): Fields | undefined {
  if (CONTACT_TYPES.has(item.type)) return item
  const { contact, user, lead, visitor, source, ticket, conversation } = item
  for (const candidate of [contact, user, lead, visitor]) {
    if (isObject(candidate)) return candidate
  }
  const participant = participantOf(item)
  if (participant) return participant
  const { author } = fieldsOf(source)
  if (isObject(author) && CONTACT_TYPES.has(author.type)) return author
  return participantOf(fieldsOf(ticket)) ?? participantOf(fieldsOf(conversation))
}

/** Of those who take part in a conversation or ticket the one who wrote its newest part, else the first. */
function participantOf(thread: Fields): Fields | undefined {
  const participants = [thread.contacts, thread.customers].flatMap(itemsOf)
  const writer = textOf(fieldsOf(fieldsOf(partsOf(thread).at(-1)).author).id)
  const participant = participants.find(({ id }) => writer !== undefined && textOf(id) === writer) ?? participants[0]
  return participant && asAuthorOf(thread, participant)
}

/** Those who take part are ids, and all called contacts; only what one of them wrote says that it is a lead, and its address. */
function asAuthorOf(thread: Fields, contact: Fields): Fields {
  const id = textOf(contact.id)
  const authors = [thread.source, thread.conversation_message, ...partsOf(thread)]
    .map((part) => fieldsOf(fieldsOf(part).author))
    .filter((author) => id !== undefined && textOf(author.id) === id)
  const lead = authors.find(({ type }) => LEAD_TYPES.has(type))
  const email = [contact, ...authors].find((one) => emailOf(one.email) !== undefined)?.email
  return { ...contact, email, ...(lead && { type: lead.type }) }
}

/** The objects of a list, which has them under its own name or `data`. */
function itemsOf(list: unknown): Fields[] {
  const { contacts, data } = fieldsOf(list)
  return ([list, contacts, data].find(Array.isArray) ?? []).filter(isObject)
}

/** Whom a data event says: `id` is the person's where it stands alone, as it was sent to Intercom, and else the event's own. */
function subjectOf({ user_id, email, id, intercom_user_id }: Fields): Fields {
  const isAlone = isAbsent(user_id) && isAbsent(email)
  return { user_id, email, id: isAbsent(intercom_user_id) && isAlone ? id : intercom_user_id }
}

interface Person {
  userId: string | undefined
  anonymousId: string | undefined
  email: string | undefined
  /** The account. */
  groupId: string | undefined
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
    groupId: companyIdOf(contact),
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
    const stat = isObject(item.content_stat) ? item.content_stat : item
    const { content_type, content_id, content_title, stat_type, channel, ruleset_id, series_id } = stat
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
