/**
 * How long the answers about people take at a million events, for a person with 1,000 of them, over HTTP, beside one
 * indexed read of SQLite; as time that passes, and as CPU of the thread that answers, which other work on the machine
 * does not change. `node bench/answers.mjs [events] [data folder, filled by the first run and kept]`, after `npm run build`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { ACCOUNT, history, PERSON } from './history.mjs'
import { report } from './report.mjs'
import { round } from './statistics.mjs'

const EVENTS = Number(process.argv[2] ?? 1_000_000)
const ROUNDS = 15
/** The aim. */
const ANSWER_MAX_MS = 50
const TOKEN = 'token-of-the-benchmark'
const SERVER = 'server/dist/main.mjs'

const folder = mkdtempSync(join(tmpdir(), 'airhop-bench-'))
const data = process.argv[3] ?? join(folder, 'data')
const env = { PATH: process.env.PATH, AIRHOP_DATA: data, AIRHOP_PORT: '0', AIRHOP_ADMIN_TOKEN: TOKEN }
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

let server
try {
  if (!existsSync(join(data, 'events.db'))) await fill()
  server = spawn(process.execPath, [SERVER], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: server.stdout }), 'line')
  const base = line.replace('airhop-ingest listening on ', '')

  const today = new Date().toISOString().slice(0, 10)
  const steps = 'Signed+Up,Project+Created,Invited'
  const paths = [
    `/profiles/${PERSON}`,
    '/profiles?search=user-12&limit=50',
    '/profiles?limit=50',
    `/profiles/${PERSON}/events?limit=100`,
    `/profiles/${PERSON}/events?limit=1000&order=desc`,
    `/accounts/${ACCOUNT}`,
    '/accounts/company-43.com',
    '/accounts?search=account&limit=50',
    '/counts?by=event&every=day',
    `/counts?by=event&every=day&people=true&event=Feature+7+Used`,
    `/people?from=${today}&to=${today}`,
    '/people?event=Signed+Up',
    '/people',
    `/funnel?steps=${steps}&within=7d`,
    `/export?format=ndjson&userId=${PERSON}`,
  ]
  const sql = await indexedRead()
  const row = ({ ms, cpuMs }, name) => ({ name, ms: round(ms), cpuMs: round(cpuMs), ratio: round(ms / sql.ms) })
  const rows = [row(sql, 'indexed read of 100 events by SQL')]
  let slowestMs = 0
  for (const path of paths) {
    const took = await timed(server.pid, async () => {
      const response = await fetch(`${base}/api/v1${path}`, { headers: { authorization: `Bearer ${TOKEN}` } })
      await response.text()
      if (response.status !== 200) throw new Error(`${path}: ${response.status}`)
    })
    slowestMs = Math.max(slowestMs, took.ms)
    rows.push(row(took, `\`${path}\``))
  }
  report('answers', {
    sections: [
      {
        title: `Answers over HTTP at ${EVENTS.toLocaleString('en-US')} events of 20,000 people in 30 days, one of them with 1,000; medians of ${ROUNDS}; at most ${ANSWER_MAX_MS} ms`,
        columns: {
          name: 'question, below /api/v1',
          ms: 'ms that pass',
          cpuMs: 'CPU of the main thread, ms',
          ratio: '× the indexed read',
        },
        rows,
      },
    ],
  })
  process.exitCode = slowestMs <= ANSWER_MAX_MS ? 0 : 1
} finally {
  server?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}

/** CPU of the main thread of a process so far; Linux only. https://docs.kernel.org/scheduler/sched-stats.html */
function cpuMsOf(pid) {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
}

async function timed(pid, work) {
  const times = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const startCpuMs = cpuMsOf(pid)
    const startMs = performance.now()
    await work()
    times.push({ ms: performance.now() - startMs, cpuMs: cpuMsOf(pid) - startCpuMs })
  }
  return { ms: median(times.map(({ ms }) => ms)), cpuMs: times.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / ROUNDS }
}

function indexedRead() {
  const database = new DatabaseSync(join(data, 'events.db'), { readOnly: true })
  const statement = database.prepare(
    `SELECT json FROM events WHERE subject = (SELECT id FROM subjects WHERE workspace = 1 AND kind = 0 AND key = ?)
     ORDER BY at LIMIT 100`,
  )
  return timed(process.pid, async () => {
    if (statement.all(PERSON).length !== 100) throw new Error('the person is not there')
  })
}

async function fill() {
  const file = join(folder, 'history.ndjson')
  const out = createWriteStream(file)
  let text = ''
  for (const event of history(EVENTS, Date.now())) {
    text += `${JSON.stringify(event)}\n`
    if (text.length < 1e6) continue
    if (!out.write(text)) await once(out, 'drain')
    text = ''
  }
  out.end(text)
  await once(out, 'finish')
  const { status, stderr } = spawnSync(process.execPath, [SERVER, 'import', file], { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}
