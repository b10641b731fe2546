// The server under load that lasts: the time to answer at 70 % of what it can take, its memory meanwhile, and a start on a
// backlog of a million events. `node bench/load.mjs [minutes] [events of the backlog]`
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventWith, timeOrderedId } from './event.mjs'
import { report } from './report.mjs'
import { quantile, round } from './statistics.mjs'

const MINUTES = Number(process.argv[2] ?? 10)
const BACKLOG_EVENTS = Number(process.argv[3] ?? 1_000_000)
const BATCH_EVENTS = 100
const CONNECTIONS = 4
const SATURATION_BATCHES = 2000
const SHARE = 0.7
/** While a backlog is caught up, one batch so often. */
const BESIDE_MS = 100
const PROCESSED_MS = 600_000
const WRITE_KEY = 'wk_bench'
const ADMIN_TOKEN = 'bench-admin'

const batch = () =>
  JSON.stringify({
    writeKey: WRITE_KEY,
    batch: Array.from({ length: BATCH_EVENTS }, () => eventWith(timeOrderedId())),
  })

const folder = mkdtempSync(join(tmpdir(), 'airhop-bench-'))
try {
  const steady = await measureSteady()
  const backlog = await measureBacklog()
  report('load', {
    sections: [
      {
        title: `${MINUTES} minutes at ${SHARE * 100} % of what it processes, batches of ${BATCH_EVENTS} events; all that was sent is stored`,
        columns: {
          most: 'processed, events/s',
          rate: 'sent, events/s',
          p50: 'answer, median, ms',
          p99: 'p99, ms',
          worst: 'longest, ms',
          rss: 'memory after each minute, MB',
        },
        rows: [steady],
      },
      {
        title: `Started on a backlog of ${BACKLOG_EVENTS.toLocaleString('en-US')} events, with a batch every ${BESIDE_MS} ms beside it; all are stored`,
        columns: {
          first: 'from its start to the first 200, ms',
          caughtUp: 'until all was processed, s',
          p99: 'answers meanwhile, p99, ms',
          worst: 'longest, ms',
        },
        rows: [backlog],
      },
    ],
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measureSteady() {
  const server = await start('processed', join(folder, 'steady'))
  // The compiler works in the first.
  await closedLoop(server, SATURATION_BATCHES / 4)
  const startMs = performance.now()
  await closedLoop(server, SATURATION_BATCHES)
  const most = (SATURATION_BATCHES * BATCH_EVENTS * 1000) / (performance.now() - startMs)

  const rate = most * SHARE
  const everyMs = (BATCH_EVENTS / rate) * 1000
  const rss = []
  const latencies = await openLoop(server, everyMs, MINUTES * 60_000, () => rss.push(server.rssMb()))
  await server.caughtUp()
  await server.check()
  await server.stop()
  return {
    most: Math.round(most),
    rate: Math.round(rate),
    p50: round(quantile(latencies, 0.5)),
    p99: round(quantile(latencies, 0.99)),
    worst: round(quantile(latencies, 1)),
    rss: rss.map(Math.round).join(', '),
  }
}

async function measureBacklog() {
  const data = join(folder, 'backlog')
  const before = await start('durable', data)
  await closedLoop(before, BACKLOG_EVENTS / BATCH_EVENTS, false)
  await before.kill()

  const startMs = performance.now()
  const server = await start('processed', data)
  await server.post(batch())
  const first = performance.now() - startMs
  let isCaughtUp = false
  const beside = (async () => {
    const latencies = []
    while (!isCaughtUp) {
      const sentMs = performance.now()
      await server.post(batch())
      latencies.push(performance.now() - sentMs)
      await sleep(BESIDE_MS)
    }
    return latencies
  })()
  await server.caughtUp()
  const caughtUp = (performance.now() - startMs) / 1000
  isCaughtUp = true
  const latencies = await beside
  await server.caughtUp()
  await server.check(before.sent())
  await server.stop()
  return {
    first: round(first),
    caughtUp: round(caughtUp),
    p99: round(quantile(latencies, 0.99)),
    worst: round(quantile(latencies, 1)),
  }
}

/** As fast as it answers, and until it has processed all. */
async function closedLoop(server, batches, untilProcessed = true) {
  let left = batches
  const connection = async () => {
    while (left-- > 0) await server.post(batch())
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  if (untilProcessed) await server.caughtUp()
}

/** One batch at its time, whatever the server does; the ms from that time to its answer. */
async function openLoop(server, everyMs, forMs, eachMinute) {
  const latencies = []
  const pending = new Set()
  const startMs = performance.now()
  let minutes = 0
  for (let count = 0; count * everyMs < forMs; count += 1) {
    const dueMs = startMs + count * everyMs
    const waitMs = dueMs - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    const answered = server.post(batch()).then(() => {
      latencies.push(performance.now() - dueMs)
      pending.delete(answered)
    })
    pending.add(answered)
    if (performance.now() - startMs > (minutes + 1) * 60_000) {
      minutes += 1
      eachMinute()
    }
  }
  await Promise.all(pending)
  eachMinute()
  return latencies
}

async function start(kind, data) {
  const child = fork(new URL('server-process.mjs', import.meta.url), [kind, data, WRITE_KEY, ADMIN_TOKEN])
  const ended = once(child, 'exit')
  const [{ url }] = await Promise.race([once(child, 'message'), ended.then(() => [{}])])
  if (!url) throw new Error('the server did not start')
  const agent = new Agent({ keepAlive: true })
  let sent = 0
  const read = (path) =>
    fetch(url + path, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } }).then((response) => response.json())

  return {
    sent: () => sent,
    rssMb: () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1000,

    /** Resolves when all of it was accepted. */
    post: (body) =>
      new Promise((resolve, reject) => {
        const outgoing = request(`${url}/ingest/v1/batch`, {
          method: 'POST',
          agent,
          headers: { 'content-length': Buffer.byteLength(body) },
        })
        outgoing.on('error', reject)
        outgoing.on('response', async (response) => {
          response.resume()
          await once(response, 'end')
          if (response.statusCode !== 200) return reject(new Error(`answered ${response.statusCode}`))
          sent += BATCH_EVENTS
          resolve()
        })
        outgoing.end(body)
      }),

    async caughtUp() {
      const deadlineMs = performance.now() + PROCESSED_MS
      while ((await read('/health')).lag.entries > 0) {
        if (performance.now() > deadlineMs) throw new Error(`not processed in ${PROCESSED_MS} ms`)
        await sleep(50)
      }
    },

    /** Throws unless as many are stored as were sent, here and before. */
    async check(before = 0) {
      const { counts } = await read('/api/v1/counts?by=event&every=all')
      const stored = counts.reduce((sum, { events }) => sum + events, 0)
      if (stored !== sent + before) throw new Error(`${sent + before} sent, ${stored} stored`)
    },

    async stop() {
      agent.destroy()
      child.send('stop')
      await ended
    },

    async kill() {
      agent.destroy()
      child.kill('SIGKILL')
      await ended
    },
  }
}
