// CPU of the server per event, against HTTP and JSON.parse alone in the same run; bytes written, and bytes at rest.
import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import { toEntry } from '../server/src/log/entries-table.ts'
import { eventWith, timeOrderedId } from './event.mjs'
import { report } from './report.mjs'
import { ratios, round, summary } from './statistics.mjs'

const BATCH_EVENTS = 100
const BATCHES = 400
const SINGLES = 1000
const CONNECTIONS = 4
/** The first is thrown away: the compiler works in it. */
const ROUNDS = 6
const PROCESSED_MS = 60_000

const WRITE_KEY = 'wk_bench'
const ADMIN_TOKEN = 'bench-admin'

const VARIANTS = {
  'floor: HTTP + JSON.parse': { kind: 'floor', id: timeOrderedId },
  'accepted and durable': { kind: 'durable', id: timeOrderedId },
  'accepted and processed, time-ordered ids': { kind: 'processed', id: timeOrderedId },
  'accepted and processed, random ids': { kind: 'processed', id: randomUUID },
  'floor, one event a request': { kind: 'floor', id: timeOrderedId, single: true },
  'accepted and durable, one event a request': { kind: 'durable', id: timeOrderedId, single: true },
}

const folder = mkdtempSync(join(tmpdir(), 'airhop-bench-'))
const servers = []
for (const [title, variant] of Object.entries(VARIANTS)) servers.push(await start(title, variant, servers.length))
for (let round = 0; round < ROUNDS; round++) for (const server of servers) await server.run(round > 0)
for (const server of servers) await server.check()
for (const server of servers) await server.stop()
const [floor, , , , singleFloor] = servers
report('server', {
  sections: [
    {
      title: `CPU of all threads per event, ${ROUNDS - 1} interleaved rounds; batches of ${BATCH_EVENTS} events of ${round(floor.eventBytes())} bytes`,
      columns: {
        title: 'server',
        cpu: '× the floor',
        us: 'µs per event',
        written: 'bytes written ÷ bytes of events',
        rest: 'at rest, events.db ÷ bytes of events',
        restLog: 'log.db besides',
        checked: 'stored and compared',
      },
      rows: servers.map(({ title, single, cpuUs, written, rest, checked, kind }) => ({
        title,
        cpu: ratios(cpuUs, (single ? singleFloor : floor).cpuUs),
        us: summary(cpuUs),
        written: kind === 'floor' ? null : summary(written),
        rest: rest('events.db', kind === 'processed'),
        restLog: rest('log.db', kind === 'processed'),
        checked: checked(),
      })),
    },
  ],
})
rmSync(folder, { recursive: true })

async function start(title, { kind, id, single }, place) {
  const data = join(folder, `${place}`)
  const child = fork(new URL('server-process.mjs', import.meta.url), [kind, data, WRITE_KEY, ADMIN_TOKEN])
  const ended = once(child, 'exit')
  const ask = async (message) => {
    child.send(message)
    return (await once(child, 'message'))[0]
  }
  const started = await Promise.race([once(child, 'message'), ended])
  const { url } = started[0] ?? {}
  if (!url) throw new Error(`${title}: the server did not start`)
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const read = (path) =>
    fetch(url + path, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } }).then((response) => response.json())
  const sent = new Map()
  const cpuUs = []
  const written = []
  const sizes = {}
  let sentBytes = 0
  let compared = 0

  const untilProcessed = async () => {
    const deadline = performance.now() + PROCESSED_MS
    while ((await read('/health')).lag.entries > 0) {
      if (performance.now() > deadline) throw new Error(`${title}: not processed in ${PROCESSED_MS} ms`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  return {
    title,
    kind,
    single,
    cpuUs,
    written,
    eventBytes: () => sentBytes / sent.size,

    async run(counts) {
      const events = Array.from({ length: single ? SINGLES : BATCHES * BATCH_EVENTS }, () => eventWith(id()))
      const bytes = events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0)
      for (const event of events) sent.set(event.messageId, event)
      sentBytes += bytes
      const bodies = []
      if (single) bodies.push(...events.map((event) => JSON.stringify({ writeKey: WRITE_KEY, ...event })))
      else
        while (events.length)
          bodies.push(JSON.stringify({ writeKey: WRITE_KEY, batch: events.splice(0, BATCH_EVENTS) }))
      const count = single ? SINGLES : BATCHES * BATCH_EVENTS

      const before = await ask('usage')
      await post(agent, `${url}/ingest/v1/${single ? 'track' : 'batch'}`, bodies)
      if (kind === 'processed') await untilProcessed()
      const after = await ask('usage')
      if (!counts) return
      cpuUs.push(((after.cpuMs - before.cpuMs) * 1000) / count)
      written.push((after.writtenBytes - before.writtenBytes) / bytes)
    },

    /** Throws unless what is stored is what was sent. */
    async check() {
      if (kind === 'floor') return
      const stored = kind === 'processed' ? await storedBy(read) : loggedIn(join(data, 'log.db'))
      for (const event of stored) {
        const { properties, userId, anonymousId } = sent.get(event.messageId) ?? {}
        const same = isDeepStrictEqual(
          [event.event, event.properties, event.userId, event.anonymousId],
          ['project_created', properties, userId, anonymousId],
        )
        if (!same) throw new Error(`${title}: ${event.messageId} is not what was sent`)
      }
      const ids = new Set(stored.map(({ messageId }) => messageId))
      if (ids.size !== sent.size || stored.length !== sent.size)
        throw new Error(`${title}: ${sent.size} sent, ${stored.length} stored, ${ids.size} ids`)
      compared = stored.length
    },

    /** Gently where all is processed: then the files are as they stay. */
    async stop() {
      agent.destroy()
      if (kind === 'processed') child.send('stop')
      else child.kill('SIGKILL')
      await ended
      if (kind === 'processed') for (const name of readdirSync(data)) sizes[name] = statSync(join(data, name)).size
    },

    rest: (name, has) => (has ? round(sizes[name] / sentBytes) : null),
    checked: () => compared || null,
  }
}

async function post(agent, url, bodies) {
  const waiting = bodies.toReversed()
  const one = (body) =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { method: 'POST', agent, headers: { 'content-length': Buffer.byteLength(body) } })
      outgoing.on('error', reject)
      outgoing.on('response', async (response) => {
        response.resume()
        await once(response, 'end')
        if (response.statusCode === 200) resolve()
        else reject(new Error(`${url} answered ${response.statusCode}`))
      })
      outgoing.end(body)
    })
  const connection = async () => {
    while (waiting.length) await one(waiting.pop())
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
}

async function storedBy(read) {
  const events = []
  for (let after = '0'; after; ) {
    const page = await read(`/api/v1/events?limit=1000&after=${after}`)
    events.push(...page.events)
    after = page.next
  }
  return events
}

function loggedIn(file) {
  const database = new DatabaseSync(file, { readOnly: true })
  const entries = database.prepare('SELECT * FROM entries').all().map(toEntry)
  database.close()
  return entries.flatMap(({ body }) => {
    const json = JSON.parse(Buffer.from(body).toString())
    return json.batch ?? json
  })
}
