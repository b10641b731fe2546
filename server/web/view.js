// The live view: what arrived and what was refused, newest first.
// Everything shown here was sent by strangers, so it reaches the page as text only (`textContent`), never as markup.

const POLL_MS = 700
/** Longest pause between two tries while the server does not answer. */
const POLL_MAX_MS = 5000
/** An answer that takes longer is given up, and asked for again. */
const ANSWER_TIMEOUT_MS = 10_000
const FIRST_LOAD = 50
const POLL_LIMIT = 100
/** Rows in the page; the oldest go first. The API has all of them. */
const ROWS_MAX = 500
/** What a line shows of one value; the opened row has all of it. */
const WORDS_MAX_CHARS = 500
/** A screen reader hears one summary in this time, not every event. */
const NEWS_MS = 4000
const TOKEN_KEY = 'airhop.view.token'
const WRONG_TOKEN = 'The server does not accept this admin token. Paste the one it printed when it first started.'

const $ = (id) => document.getElementById(id)
const rows = $('rows')

// ---- The token: from the address, the tab's storage, or the form ----

function tokenFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token) history.replaceState(null, '', location.pathname + location.search)
  return token
}

function keptToken() {
  try {
    return sessionStorage.getItem(TOKEN_KEY)
  } catch {
    return null // storage is forbidden, as in some frames: the token lives as long as the page
  }
}

function keepToken(token) {
  try {
    if (token) sessionStorage.setItem(TOKEN_KEY, token)
    else sessionStorage.removeItem(TOKEN_KEY)
  } catch {
    // as above
  }
}

function askForToken(trouble) {
  keepToken(null)
  showState('off', 'Not connected')
  showTrouble(trouble)
  $('ask').hidden = false
  $('empty').hidden = true
  $('count').textContent = ''
  rows.replaceChildren()
  $('token').value = ''
  if (trouble) $('token').focus()
}

// ---- Reading the API ----

/** Thrown for an answer that is not 2xx; `message` is a sentence for the reader. */
class Refusal extends Error {
  constructor(status) {
    super(`The server answered with status ${status}.`)
    this.status = status
  }
}

async function read(path, token, signal) {
  const response = await fetch(`api/v1/${path}`, {
    headers: { authorization: `Bearer ${token}` },
    cache: 'no-store',
    credentials: 'omit',
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
  })
  if (!response.ok) throw new Refusal(response.status)
  return response.json()
}

/**
 * One list of the API, oldest first: the first call gives the newest that are there, later ones what is new.
 * In reverse order `cursor` is the place of the oldest one returned: asked for one only, it is the place to go on from.
 */
function openFeed(list, token, signal) {
  let cursor // undefined: not read yet; null: read, and empty
  const page = (query) => read(`${list}?${new URLSearchParams(query)}`, token, signal)

  return async () => {
    if (cursor === undefined) {
      const newest = await page({ order: 'desc', limit: 1 })
      if (newest.cursor === null) {
        cursor = null
        return { items: [], more: false }
      }
      const before = await page({ order: 'desc', after: newest.cursor, limit: FIRST_LOAD - 1 })
      cursor = newest.cursor
      return { items: [...newest[list], ...before[list]].reverse(), more: false }
    }
    const answer = await page({ ...(cursor === null ? {} : { after: cursor }), limit: POLL_LIMIT })
    cursor = answer.cursor ?? cursor
    return { items: answer[list], more: answer.next !== null }
  }
}

/** Watches with one token until `signal` says stop or the server refuses the token. */
async function watch(token, signal) {
  const readEvents = openFeed('events', token, signal)
  const readRejected = openFeed('rejected', token, signal)
  let failures = 0
  showState('wait', 'Connecting')

  while (!signal.aborted) {
    await untilVisible(signal)
    let more = false
    try {
      // One after the other: if the second fails, what the first brought is already on the page.
      const events = await readEvents()
      show(events.items.map((event) => ({ event })))
      const rejected = await readRejected()
      show(rejected.items.map((refusal) => ({ refusal })))
      more = events.more || rejected.more
      failures = 0
      showState('live', 'Live')
      showTrouble('')
      $('empty').hidden = rows.childElementCount > 0
    } catch (error) {
      if (signal.aborted) return
      if (error.status === 401 || error.status === 403) {
        askForToken(WRONG_TOKEN)
        return
      }
      failures++
      const cause = error instanceof Refusal ? error.message : `Connection lost: ${location.host} does not answer.`
      showState('lost', 'Connection lost')
      showTrouble(`${cause} Trying again; nothing that arrives meanwhile is missed.`)
    }
    if (!more) await pause(Math.min(POLL_MS * 2 ** failures, POLL_MAX_MS), signal)
  }
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

function untilVisible(signal) {
  return new Promise((resolve) => {
    const look = () => {
      if (document.visibilityState === 'hidden' && !signal.aborted) return
      document.removeEventListener('visibilitychange', look)
      resolve()
    }
    document.addEventListener('visibilitychange', look)
    look()
  })
}

// ---- Rows ----

/** Puts items, oldest first, above the rows that are there. On the first load the two lists are merged by time. */
function show(items) {
  if (items.length === 0) return
  for (const item of items) insert('event' in item ? eventRow(item.event) : refusalRow(item.refusal))
  while (rows.childElementCount > ROWS_MAX) rows.lastElementChild.remove()
  $('empty').hidden = true
  $('count').textContent = countWords()
  tellNews(items.length)
}

function insert(row) {
  let below = rows.firstElementChild
  // Events among themselves stay in the server's order; a refusal finds its place between them by time of arrival.
  while (below && row.dataset.testid !== below.dataset.testid && below.dataset.received > row.dataset.received) {
    below = below.nextElementSibling
  }
  rows.insertBefore(row, below)
}

function eventRow(event) {
  const row = buildRow(event, {
    type: event.type,
    title: titleOf(event),
    where: event.context?.page?.path ?? event.properties?.path ?? event.source,
  })
  row.dataset.testid = 'event'
  row.dataset.type = event.type ?? ''
  row.dataset.event = event.event ?? ''
  row.dataset.user = event.userId ?? ''
  row.dataset.anonymous = event.anonymousId ?? ''
  row.dataset.messageId = event.messageId ?? ''
  row.querySelector('.who').append(...who(event))
  return row
}

function refusalRow(refusal) {
  const row = buildRow(refusal, { type: 'refused', title: refusal.code, where: refusal.source })
  row.dataset.testid = 'rejected'
  row.dataset.type = 'refused'
  row.dataset.code = refusal.code ?? ''
  row.dataset.messageId = refusal.messageId ?? ''
  row.querySelector('.who').append(element('span', 'why', refusal.message))
  return row
}

/** One line that opens to the whole of `data` as JSON, which is built only then. */
function buildRow(data, { type, title, where }) {
  const row = element('li', 'item')
  row.dataset.received = data.receivedAt ?? ''
  const line = element('button', 'line')
  line.type = 'button'
  line.setAttribute('aria-expanded', 'false')
  line.append(
    element('span', 'type', type),
    element('span', 'title', title),
    element('span', 'who'),
    element('span', 'where', where),
    timeOf(data.receivedAt),
  )
  line.addEventListener('click', () => {
    const open = row.querySelector('pre')
    line.setAttribute('aria-expanded', String(!open))
    if (open) open.remove()
    else row.append(jsonOf(data))
  })
  row.append(line)
  return row
}

function titleOf({ type, event, name, category, groupId, previousId, userId, traits, properties }) {
  if (type === 'track') return event
  if (type === 'page' || type === 'screen') {
    return [category, name].filter(Boolean).join(' / ') || properties?.title || properties?.path || 'page'
  }
  if (type === 'group') return groupId
  if (type === 'alias') return `${previousId} → ${userId}`
  return Object.keys(traits ?? {}).join(', ') || 'no traits'
}

/** The browser's dot and short id, then the user: rows of one browser show the same dot, before and after identify. */
function who({ anonymousId, userId, email }) {
  const parts = []
  if (anonymousId) {
    const dot = element('span', 'dot')
    dot.style.setProperty('--hue', hueOf(anonymousId))
    const short = element('span', 'anonymous', shortId(anonymousId))
    short.title = `anonymousId ${anonymousId}`
    parts.push(dot, short)
  }
  const user = userId ?? email
  if (user) {
    const name = element('span', 'user', user)
    name.title = `${userId ? 'userId' : 'email'} ${user}`
    parts.push(name)
  } else {
    parts.push(element('span', 'nobody', 'anonymous'))
  }
  return parts
}

function shortId(id) {
  if (/^[0-9a-f]{8}-/i.test(id)) return id.slice(0, 6)
  return id.length > 12 ? `${id.slice(0, 11)}…` : id
}

/** The same id gives the same colour, here and after a reload. */
function hueOf(id) {
  let hash = 0x811c9dc5
  for (const char of id) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193)
  return (hash >>> 0) % 360
}

function timeOf(iso) {
  const time = element('time', 'time')
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return time
  time.dateTime = iso
  time.title = iso
  time.textContent = date.toLocaleTimeString('en-GB')
  return time
}

const JSON_TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d[\d.eE+-]*|true|false|null/g

/** Pretty-printed JSON, its keys and values told apart by colour. */
function jsonOf(data) {
  const pre = element('pre')
  pre.tabIndex = 0
  pre.setAttribute('aria-label', 'The event as JSON')
  const json = visible(JSON.stringify(data, null, 2))
  let end = 0
  for (const token of json.matchAll(JSON_TOKEN)) {
    const [whole, string, colon] = token
    const words = string ?? whole
    const span = document.createElement('span')
    span.className = colon ? 'key' : string ? 'string' : 'literal'
    span.textContent = words
    pre.append(json.slice(end, token.index), span)
    end = token.index + words.length
  }
  pre.append(json.slice(end))
  return pre
}

function element(tag, className = '', words = '') {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = visible(String(words ?? '').slice(0, WORDS_MAX_CHARS))
  return made
}

/** Direction marks can make a name read as another one: they are shown as what they are. JSON stays the same JSON. */
function visible(words) {
  return words.replace(
    /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

// ---- What is said around the rows ----

function showState(state, words) {
  if ($('state').textContent === words) return
  $('state').dataset.state = state
  $('state').textContent = words
}

function showTrouble(sentence) {
  if ($('trouble').textContent !== sentence) $('trouble').textContent = sentence
  $('trouble').hidden = !sentence
}

function countWords() {
  const refused = rows.querySelectorAll('[data-testid=rejected]').length
  const events = rows.childElementCount - refused
  const shown = `${events} ${events === 1 ? 'event' : 'events'}`
  return refused ? `${shown}, ${refused} refused` : shown
}

let untold = 0
function tellNews(count) {
  if (untold === 0) {
    setTimeout(() => {
      const newest = rows.firstElementChild
      const title = newest?.querySelector('.title').textContent
      $('news').textContent = newest ? `${untold} new. Newest: ${newest.dataset.type} ${title}` : ''
      untold = 0
    }, NEWS_MS)
  }
  untold += count
}

// ---- Start ----

let stop = new AbortController()

function start(token) {
  stop.abort()
  stop = new AbortController()
  rows.replaceChildren()
  $('ask').hidden = true
  if (!token) return askForToken('')
  if (!/^[!-~]+$/.test(token)) return askForToken(WRONG_TOKEN) // no header can carry it
  keepToken(token)
  watch(token, stop.signal)
}

$('ask').addEventListener('submit', (event) => {
  event.preventDefault()
  showTrouble('')
  start($('token').value.trim())
})

rows.addEventListener('keydown', (event) => {
  const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key]
  if (!step || !event.target.matches('.line')) return
  event.preventDefault()
  event.target.closest('.item')[step]?.querySelector('.line').focus()
})

addEventListener('hashchange', () => {
  const token = tokenFromAddress()
  if (token) start(token)
})

start(tokenFromAddress() ?? keptToken())
