/**
 * How fast `airhop-ingest import` is, beside what the store itself takes on this machine in the same run.
 * `node bench/import.mjs [lines]`, after `npm run build`.
 */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteStore } from '../server/src/store/sqlite.ts'
import { toStoredEvent } from '../server/src/stored-event.ts'
import { history } from './history.mjs'
import { report } from './report.mjs'
import { round } from './statistics.mjs'

const LINES = Number(process.argv[2] ?? 1_000_000)
const SLICE = 10_000
/** The aim. */
const RATIO_MIN = 0.5

const folder = mkdtempSync(join(tmpdir(), 'airhop-bench-'))
const toMs = Date.now()
const perSecond = (ms) => Math.round((LINES / ms) * 1000)

try {
  const file = join(folder, 'history.ndjson')
  await write(file)

  const insertMs = await insertAll()
  const importMs = importAll(file)
  const bareMs = bareInserts()

  const ratio = insertMs / importMs
  const row = (name, ms) => ({ name, rate: perSecond(ms), ratio: round(insertMs / ms) })
  report('import', {
    sections: [
      {
        title: `${LINES.toLocaleString('en-US')} events (the import at least ${RATIO_MIN} × the store)`,
        columns: { name: 'what', rate: 'events/s', ratio: '× the store' },
        rows: [
          row('the store, of events that are ready to be stored', insertMs),
          row('`airhop-ingest import`, from its start to its end', importMs),
          row('the events table alone, without ids and people', bareMs),
        ],
      },
    ],
  })
  process.exitCode = ratio >= RATIO_MIN ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function write(file) {
  const out = createWriteStream(file)
  let text = ''
  for (const event of history(LINES, toMs)) {
    text += `${JSON.stringify(event)}\n`
    if (text.length < 1e6) continue
    if (!out.write(text)) await once(out, 'drain')
    text = ''
  }
  out.end(text)
  await once(out, 'finish')
}

function* slices() {
  let slice = []
  for (const { userId = null, anonymousId, ...event } of history(LINES, toMs)) {
    const canonical = { ...event, source: 'http', userId, anonymousId, receivedAt: event.timestamp, verified: true }
    slice.push(toStoredEvent(canonical, { workspace: 'default', receivedAtMs: toMs, idGenerated: false }))
    if (slice.length < SLICE) continue
    yield slice
    slice = []
  }
  if (slice.length > 0) yield slice
}

/** Only the commits are timed: what the store takes when nothing has to be read or checked. */
async function insertAll() {
  const store = openSqliteStore(join(folder, 'insert.db'))
  let ms = 0
  let position = 0
  for (const events of slices()) {
    position += 1
    const startMs = performance.now()
    await store.commit(0, [{ position, changes: { events, rejected: [], quarantined: [], losses: [] } }])
    ms += performance.now() - startMs
  }
  await store.close()
  return ms
}

/** The least that any store of events with these indexes does. */
function bareInserts() {
  const database = new DatabaseSync(join(folder, 'bare.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec(`
    CREATE TABLE events (id INTEGER PRIMARY KEY, workspace, type, source, user_id, anonymous_id, event, json);
    CREATE INDEX a ON events (workspace, user_id) WHERE user_id IS NOT NULL;
    CREATE INDEX b ON events (workspace, anonymous_id) WHERE anonymous_id IS NOT NULL;
    CREATE INDEX c ON events (workspace, event) WHERE event IS NOT NULL`)
  const insert = database.prepare('INSERT INTO events VALUES (NULL, 1, ?, ?, ?, ?, ?, ?)')
  let ms = 0
  for (const events of slices()) {
    const startMs = performance.now()
    database.exec('BEGIN')
    for (const { type, source, userId, anonymousId, event, json } of events)
      insert.run(type, source, userId, anonymousId, event, json)
    database.exec('COMMIT')
    ms += performance.now() - startMs
  }
  database.close()
  return ms
}

function importAll(file) {
  const startMs = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, ['server/dist/main.mjs', 'import', file], {
    env: { PATH: process.env.PATH, AIRHOP_DATA: join(folder, 'data') },
    encoding: 'utf8',
  })
  const ms = performance.now() - startMs
  if (status !== 0 || !stdout.startsWith(`${LINES} lines: ${LINES} stored`)) throw new Error(`${stdout}${stderr}`)
  return ms
}
