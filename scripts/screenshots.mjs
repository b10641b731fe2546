// `npm run screenshots`: writes docs/images/*.png, of the built page with the events of an invented product. The server's
// clock goes through three weeks, so that there is something to see; it talks to 127.0.0.1 only and ends by itself.
import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { chromium } from '@playwright/test'
import { programs } from '../e2e/engines/installed.ts'
import { startServer } from '../server/src/server.ts'

const HOUR_MS = 3_600_000
const DAYS = 21
const PEOPLE = 48

const { values: said } = parseArgs({
  options: { out: { type: 'string', default: 'docs/images' }, all: { type: 'boolean' } },
})
const WRITE_KEY = 'wk_q7Rk2mV9xT4bLw8ZcH1n'
const ADMIN_TOKEN = 'at_screenshots_only_0123456789'

const DESKTOP = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }
/** What README and docs show; `--all` makes each in both sizes and schemes, to be looked at. */
const PICTURES = [
  { name: 'start', path: 'start', fresh: true },
  { name: 'live', path: 'live' },
  { name: 'live-phone-dark', path: 'live', size: PHONE, scheme: 'dark' },
  { name: 'event', path: 'live', open: '[data-testid=event][data-event=plan_upgraded] button' },
  { name: 'refused', path: 'refused' },
  { name: 'people', path: 'people' },
  { name: 'person', path: 'people?id=usr_10' },
  { name: 'accounts', path: 'accounts' },
  { name: 'account', path: 'accounts?id=harbour' },
  { name: 'catalogue', path: 'catalogue' },
  { name: 'catalogue-event', path: 'catalogue?type=track&name=plan_upgraded' },
  {
    name: 'funnel',
    path: `funnel?steps=${encodeURIComponent('["signed_up","project_created","member_invited","plan_upgraded"]')}&within=4w`,
  },
  { name: 'health-dark', path: 'health', scheme: 'dark' },
]

/** The same pictures each time: chance is a sequence. */
let seed = 7
const chance = () => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
  return seed / 2_147_483_648
}
const pick = (list) => list[Math.floor(chance() * list.length)]

let clockMs = Date.now() - DAYS * 24 * HOUR_MS
const settings = { port: 0, host: '127.0.0.1', data: ':memory:', workspaces: undefined, warnings: [] }
const server = await startServer({ ...settings, writeKey: WRITE_KEY, adminToken: ADMIN_TOKEN }, { now: () => clockMs })
const fresh = await startServer({ ...settings, writeKey: WRITE_KEY, adminToken: ADMIN_TOKEN })
const browser = await chromium.launch({
  executablePath: programs.chromium,
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
try {
  await liveThrough()
  mkdirSync(said.out, { recursive: true })
  for (const picture of PICTURES) {
    const sizes = said.all ? [DESKTOP, PHONE] : [picture.size ?? DESKTOP]
    const schemes = said.all ? ['light', 'dark'] : [picture.scheme ?? 'light']
    for (const size of sizes) {
      for (const scheme of schemes) {
        const suffix = said.all ? `-${size === PHONE ? 'phone' : 'desktop'}-${scheme}` : ''
        await take(picture, size, scheme, `${said.out}/${picture.name}${suffix}.png`)
      }
    }
  }
} finally {
  await browser.close()
  await server.close()
  await fresh.close()
}

async function take({ path, open, fresh: isFresh }, viewport, colorScheme, file) {
  const { url } = isFresh ? fresh : server
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce', locale: 'en-GB' })
  const page = await context.newPage()
  await page.goto(`${url}/#token=${ADMIN_TOKEN}`)
  await page.getByTestId('nav-live').waitFor()
  await page.goto(`${url}/#/${path}`)
  await page.locator('h1').first().waitFor()
  if (path === 'live') await page.getByTestId('event').first().waitFor()
  // The stream goes on while the picture is taken.
  if (path === 'live' || path === 'health') for (let at = 0; at < 24; at += 1) await now(at)
  if (open) await page.locator(open).first().click()
  await page.waitForTimeout(1200)
  await page.screenshot({ path: file, animations: 'disabled' })
  await context.close()
}

// ---- An invented product ----

async function liveThrough() {
  const first = ['Mara', 'Jonas', 'Aiko', 'Noor', 'Élise', 'Tomás', 'Ines', 'Ravi', 'Sofia', 'Liam', 'Zoë', 'Kwame']
  const last = ['Lind', 'Okafor', 'Weber', 'Sato', 'Silva', 'Novak', 'Haddad', 'Berg']
  const companies = ['harbour', 'northwind', 'acme', 'kestrel', 'lumen']
  const people = Array.from({ length: PEOPLE }, (_, at) => {
    const company = companies[at % companies.length]
    const name = `${first[at % first.length]} ${last[(at * 5) % last.length]}`
    const anonymousId = `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`
    const email = `${name.split(' ')[0].toLowerCase().normalize('NFD').replace(/\W/g, '')}${at}@${company}.example`
    return {
      userId: `usr_${at}`,
      anonymousId,
      name,
      email,
      company,
      joinsHour: Math.floor(chance() * (DAYS - 1) * 24),
      reached: chance(),
    }
  })
  for (let hour = 0; hour < DAYS * 24; hour += 1) {
    const calls = []
    const busy = 0.25 + Math.max(0, Math.sin((((hour % 24) - 6) / 24) * Math.PI * 2)) * 1.2
    for (const person of people) {
      const { userId, anonymousId, name, email, company, joinsHour, reached } = person
      const track = (event, properties) => calls.push({ type: 'track', event, properties, userId, anonymousId })
      if (hour === joinsHour) {
        calls.push(visit(anonymousId, '/'), visit(anonymousId, '/pricing'))
        calls.push({ type: 'track', event: 'plan_chosen', properties: { plan: 'pro', price: 12 }, anonymousId })
        calls.push({ type: 'identify', userId, anonymousId, traits: { name, email, plan: 'free' } })
        track('signed_up', { plan: 'free', via: pick(['google', 'email']) })
      }
      if (hour === joinsHour + 1 && reached > 0.3) {
        track('project_created', { projects: 1, template: pick(['launch', 'blank', null]) })
        calls.push({
          type: 'group',
          userId,
          anonymousId,
          groupId: company,
          traits: { name: company[0].toUpperCase() + company.slice(1), plan: 'team' },
        })
      }
      if (hour === joinsHour + 2 && reached > 0.55) track('member_invited', { role: pick(['editor', 'viewer']) })
      if (hour === joinsHour + 3 && reached > 0.72) {
        track('plan_upgraded', { plan: 'pro', price: hour < 340 ? 12 : '12.00', currency: 'EUR' })
        calls.push({ type: 'identify', userId, anonymousId, traits: { plan: 'pro' } })
      }
      if (hour > joinsHour && chance() < busy * 0.05) {
        calls.push(visit(anonymousId, pick(['/projects', '/calendar', '/settings']), userId))
        if (chance() < 0.5)
          track(pick(['task_done', 'task_done', 'comment_added']), {
            list: pick(['today', 'later']),
            count: Math.ceil(chance() * 5),
          })
      }
    }
    if (hour > 60 && hour < 300 && hour % 6 === 0)
      calls.push({ type: 'track', event: 'report_exported', properties: { format: 'pdf', pages: 4 }, userId: 'usr_3' })
    if (hour >= 300 && hour % 6 === 0)
      calls.push({
        type: 'track',
        event: 'report_downloaded',
        properties: { format: 'pdf', pages: 4 },
        userId: 'usr_3',
      })
    if (hour > 200 && hour % 9 === 0)
      calls.push({ type: 'track', event: 'Sign Up', properties: { plan: 'free' }, userId: 'usr_5' })
    if (hour % 60 === 5) calls.push({ type: 'track', userId: 'usr_2', properties: { button: 'save' } })
    if (hour > 480 && hour % 11 === 0)
      calls.push({ type: 'track', event: 'import_done', properties: 'all', userId: 'usr_2' })
    await send(calls)
    clockMs += HOUR_MS
  }
  clockMs = Date.now()
  await send([{ type: 'track', event: 'e', userId: 'u' }], 'pk_widget_of_the_site')
  // As airhop.js says what it dropped: its page stands in the id.
  const messageId = 'mi8k2j3pabc12-mi8k2j3q'
  const seen = { ...visit('4be1c2d0-aaaa-4bbb-8ccc-0123456789ab', '/projects', 'usr_7'), messageId }
  await send([seen], WRITE_KEY, { unserializable: 2 })
  for (let at = 0; at < 40; at += 1) await now(at)
}

/** One event of this moment. */
async function now(at) {
  clockMs = Date.now()
  const anonymousId = [
    '4be1c2d0-aaaa-4bbb-8ccc-0123456789ab',
    '9f27e6a1-aaaa-4bbb-8ccc-0123456789ab',
    'c03dd8b4-aaaa-4bbb-8ccc-0123456789ab',
  ][at % 3]
  const userId = ['usr_7', 'usr_12', undefined][at % 3]
  const track = (event, properties) => ({ type: 'track', event, properties, anonymousId, userId })
  const calls = [
    visit(anonymousId, '/projects', userId),
    track('task_done', { list: 'today', count: 2 }),
    visit(anonymousId, '/pricing', userId),
    track('comment_added', { list: 'later', count: 1 }),
    userId
      ? { type: 'identify', userId, anonymousId, traits: { plan: 'pro' } }
      : track('plan_chosen', { plan: 'pro', price: 12 }),
    track('plan_upgraded', { plan: 'pro', price: 12, currency: 'EUR' }),
  ]
  const call = calls[at % calls.length]
  await send(at % 17 === 9 ? [call, { type: 'track', anonymousId, properties: { button: 'save' } }] : [call])
  await new Promise((resolve) => setTimeout(resolve, 40))
}

function visit(anonymousId, path, userId) {
  const names = {
    '/': 'Home',
    '/pricing': 'Pricing',
    '/projects': 'Projects',
    '/calendar': 'Calendar',
    '/settings': 'Settings',
  }
  return {
    type: 'page',
    name: names[path],
    properties: { path, title: `${names[path]} · Tidemark` },
    context: { page: { path } },
    anonymousId,
    userId,
  }
}

async function send(calls, key = WRITE_KEY, dropped = undefined) {
  if (calls.length === 0) return
  const sentAt = new Date(clockMs).toISOString()
  const batch = calls.map((call, at) => ({
    timestamp: new Date(clockMs - 300 - (calls.length - at) * 11).toISOString(),
    ...call,
  }))
  const answer = await fetch(`${server.url}/ingest/v1/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ sentAt, dropped, batch }),
  })
  if (answer.status !== 200 && key === WRITE_KEY) throw new Error(`${answer.status} ${await answer.text()}`)
}

function hex(digits) {
  return Array.from({ length: digits }, () => Math.floor(chance() * 16).toString(16)).join('')
}
