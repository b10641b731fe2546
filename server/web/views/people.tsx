import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { read } from '../api.ts'
import { Ago, byArrows, Empty, Heading, Said, SearchField, Trouble, TypeTag, useAnswer, Who } from '../parts.tsx'
import { linkTo, route } from '../route.ts'
import type { CanonicalEvent, Profile } from '../shapes.ts'
import { clock, count, counted, day, hueOf, shortId, titleOf } from '../words.ts'

const PAGE = 50

/** A search is answered from this many characters on. */
const SEARCH_MIN_CHARS = 2

export function PeopleView() {
  const { query } = route.value
  const id = query.get('id')
  return id ? <Person id={id} /> : <Search search={query.get('search') ?? ''} />
}

function Search({ search }: { search: string }) {
  const asked = search.length >= SEARCH_MIN_CHARS ? search : ''
  const path = `api/v1/profiles?${new URLSearchParams({ limit: String(PAGE), order: 'desc', ...(asked && { search: asked }) })}`
  const { answer, trouble } = useAnswer<{ profiles: Profile[]; next: string | null }>(path, 5000)
  return (
    <section>
      <Heading title="People">
        <p class="soft">Everybody who did something, known by name or not yet.</p>
      </Heading>
      <SearchField of="people" placeholder="Name, e-mail, user id, anonymous id" />
      <Trouble sentence={trouble} />
      {answer?.profiles.length === 0 && (
        <Empty title={asked ? 'Nobody found' : 'Nobody yet'}>
          <p>
            {asked
              ? 'It looks for how an id, an e-mail address or a word of a name begins.'
              : 'People are here as soon as their first event is stored.'}
          </p>
        </Empty>
      )}
      <ul class="people" onKeyDown={byArrows}>
        {answer?.profiles.map((profile) => (
          <li key={profile.id} data-testid="person" data-id={profile.id}>
            <a data-line href={linkTo('people', { id: profile.id })}>
              <Face profile={profile} />
              <span class="person-name">
                <Said class="title" text={nameOf(profile)} />
                <Said class="soft" text={profile.emails[0] ?? (profile.userId ? profile.id : 'anonymous')} />
              </span>
              <span class="soft number">{counted(profile.events, 'event')}</span>
              <span class="soft">
                <Ago at={profile.lastSeen} />
              </span>
            </a>
          </li>
        ))}
      </ul>
      {answer?.next && <p class="soft">These are the newest {PAGE}. Search to find others.</p>}
    </section>
  )
}

function nameOf({ id, userId, traits, emails }: Profile): string {
  const { name, firstName, lastName } = traits
  const full = [firstName, lastName].filter((part) => typeof part === 'string').join(' ')
  if (typeof name === 'string' && name) return name
  return full || emails[0] || (userId ?? `Anonymous ${shortId(id)}`)
}

const Face = ({ profile }: { profile: Profile }) => (
  <span class="face" data-known={profile.userId !== null} style={{ '--hue': hueOf(profile.id) }} aria-hidden="true">
    {profile.userId ? nameOf(profile).slice(0, 1).toUpperCase() : '?'}
  </span>
)

function Person({ id }: { id: string }) {
  const path = `api/v1/profiles/${encodeURIComponent(id)}`
  const { answer: profile, trouble } = useAnswer<Profile>(path, 5000)
  return (
    <section>
      <a class="back" href="#/people">
        People
      </a>
      <Trouble sentence={trouble} />
      {profile && (
        <>
          <header class="person">
            <Face profile={profile} />
            <div>
              <h1>
                <Said text={nameOf(profile)} />
              </h1>
              <p class="soft">
                {counted(profile.events, 'event')} · first seen <Ago at={profile.firstSeen} /> · last seen{' '}
                <Ago at={profile.lastSeen} />
                {profile.verified && ' · verified'}
              </p>
            </div>
          </header>
          <div class="person-columns">
            <div>
              <h2>Timeline</h2>
              <Timeline path={path} profile={profile} />
            </div>
            <aside aria-label="What is known">
              <Traits profile={profile} />
              <h2>Accounts</h2>
              {profile.accounts.length === 0 && <p class="soft">None.</p>}
              <ul class="plain">
                {profile.accounts.map((account) => (
                  <li key={account}>
                    <a href={linkTo('accounts', { id: account })}>
                      <Said text={account} />
                    </a>
                    {account === profile.automaticAccount && (
                      <span class="soft"> by the domain of the e-mail address</span>
                    )}
                  </li>
                ))}
              </ul>
              <h2>Known as</h2>
              <Ids label="User ids" ids={profile.userIds} />
              <Ids label="Browsers and devices" ids={profile.anonymousIds} dots />
              <Ids label="E-mail addresses" ids={profile.emails} />
            </aside>
          </div>
        </>
      )}
    </section>
  )
}

function Ids({ label, ids, dots = false }: { label: string; ids: string[]; dots?: boolean }) {
  if (ids.length === 0) return null
  return (
    <>
      <h3>{label}</h3>
      <ul class="plain ids">
        {ids.map((id) => (
          <li key={id}>
            {dots && <span class="dot" style={{ '--hue': hueOf(id) }} />} <Said class="mono" text={id} title={id} />
          </li>
        ))}
      </ul>
    </>
  )
}

// ---- Traits, with when and by which event they came ----

interface Origin {
  at: string
  messageId: string
  type: string
}

function Traits({ profile }: { profile: Profile }) {
  const origins = useSignal<Map<string, Origin>>(new Map())
  const { id, events } = profile
  useEffect(() => {
    const stop = new AbortController()
    identifiesOf(profile, stop.signal)
      .then((identifies) => {
        origins.value = originsOf(identifies, profile.traits)
      })
      // The traits stand there without it.
      .catch(() => undefined)
    return () => stop.abort()
  }, [id, events])
  const traits = Object.entries(profile.traits)
  return (
    <>
      <h2>Traits</h2>
      {traits.length === 0 && (
        <p class="soft">
          None. <code>airhop.identify()</code> sends them.
        </p>
      )}
      <dl class="traits" data-testid="traits">
        {traits.map(([name, value]) => {
          const origin = origins.value.get(name)
          return (
            <div key={name} data-trait={name}>
              <dt>
                <Said text={name} />
              </dt>
              <dd>
                <Said text={typeof value === 'string' ? value : JSON.stringify(value)} />
                {origin && (
                  <a class="soft origin" href={linkTo('live', { open: origin.messageId })} title={origin.at}>
                    by {origin.type}, <Ago at={origin.at} />
                  </a>
                )}
              </dd>
            </div>
          )
        })}
      </dl>
    </>
  )
}

/** Ids of a person that are asked for. */
const IDS_MAX = 10

/** The newest of each of its ids: what was said of a browser before its user was known is of the browser's id. */
async function identifiesOf({ userIds, anonymousIds }: Profile, signal: AbortSignal): Promise<CanonicalEvent[]> {
  const ids = [...userIds.map((userId) => ({ userId })), ...anonymousIds.map((anonymousId) => ({ anonymousId }))]
  const answers = await Promise.all(
    ids.slice(0, IDS_MAX).map((by) => {
      const query = new URLSearchParams({ ...by, type: 'identify', order: 'desc', limit: '200' })
      return read<{ events: CanonicalEvent[] }>(`api/v1/events?${query}`, signal)
    }),
  )
  return [...new Map(answers.flatMap(({ events }) => events).map((event) => [event.messageId, event])).values()]
}

/** The newest event that says what a trait is now; of one that came otherwise there is none. */
function originsOf(events: CanonicalEvent[], traits: Record<string, unknown>): Map<string, Origin> {
  const origins = new Map<string, Origin>()
  const newestFirst = events.toSorted((left, right) => right.timestamp.localeCompare(left.timestamp))
  for (const [name, value] of Object.entries(traits)) {
    const said = JSON.stringify(value)
    const says = newestFirst.filter((event) => event.traits && Object.hasOwn(event.traits, name))
    // It came with the first of those that have said it ever since.
    let origin: CanonicalEvent | undefined
    for (const event of says) {
      if (JSON.stringify(event.traits![name]) !== said) break
      origin = event
    }
    if (origin) origins.set(name, { at: origin.timestamp, messageId: origin.messageId, type: origin.type })
  }
  return origins
}

// ---- The timeline ----

/** What the server gives at once. */
const TIMELINE_MAX = 1000

function Timeline({ path, profile }: { path: string; profile: Profile }) {
  const limit = useSignal(100)
  const { answer, trouble } = useAnswer<{ events: CanonicalEvent[]; next: string | null }>(
    `${path}/events?order=desc&limit=${limit.value}`,
    5000,
  )
  const events = answer?.events ?? []
  const merges = mergesOf(events, profile, Boolean(answer?.next))
  return (
    <>
      <Trouble sentence={trouble} />
      <ol class="timeline" data-testid="timeline">
        {events.map((event, at) => (
          <>
            {day(event.timestamp) !== (at > 0 && day(events[at - 1]!.timestamp)) && (
              <li class="day" key={`day ${event.timestamp}`} data-testid="day">
                {day(event.timestamp)}
              </li>
            )}
            {merges.has(event.messageId) && (
              <Merge key={`merge ${event.messageId}`} {...merges.get(event.messageId)!} />
            )}
            <li
              key={event.messageId}
              data-testid="timeline-event"
              data-type={event.type}
              data-event={event.event ?? ''}
            >
              <a href={linkTo('live', { open: event.messageId })}>
                <time dateTime={event.timestamp} title={event.timestamp}>
                  {clock(event.timestamp)}
                </time>
                <TypeTag type={event.type} />
                <Said class="title" text={titleOf(event)} />
                <Who anonymousId={event.anonymousId} userId={event.userId} />
              </a>
            </li>
          </>
        ))}
      </ol>
      {answer?.next && limit.value < TIMELINE_MAX && (
        <button
          type="button"
          class="button"
          onClick={() => {
            limit.value = Math.min(TIMELINE_MAX, limit.value + 300)
          }}
        >
          Show earlier events
        </button>
      )}
      {answer?.next && limit.value === TIMELINE_MAX && (
        <p class="soft">These are the newest {count(TIMELINE_MAX)} events. The read API has all.</p>
      )}
    </>
  )
}

interface Merged {
  anonymousId: string
  userId: string
  earlier: number
}

/**
 * The events by which a browser became this user's (mostly an identify; any that says both, or an alias), with how many
 * of its own came before. `events` are newest first; where there are `more` before them, only what is seen to begin here.
 */
function mergesOf(events: CanonicalEvent[], { anonymousIds }: Profile, more: boolean): Map<string, Merged> {
  const merges = new Map<string, Merged>()
  const oldestFirst = events.toReversed()
  for (const anonymousId of anonymousIds) {
    const own = oldestFirst.filter((event) => event.anonymousId === anonymousId || event.previousId === anonymousId)
    const first = own.findIndex(({ userId }) => userId !== null)
    if (first === -1 || (more && first === 0)) continue
    const { messageId, userId } = own[first]!
    merges.set(messageId, { anonymousId, userId: userId!, earlier: first })
  }
  return merges
}

const Merge = ({ anonymousId, userId, earlier }: Merged) => (
  <li class="merge" data-testid="merge">
    <span class="dot" style={{ '--hue': hueOf(anonymousId) }} />
    <span>
      The browser <Said class="mono" text={shortId(anonymousId)} title={anonymousId} /> is{' '}
      <Said class="user" text={userId} /> from here on
      {earlier > 0 &&
        `, and so ${earlier === 1 ? 'is its earlier event' : `are its ${count(earlier)} earlier events`} below`}
      .
    </span>
  </li>
)
