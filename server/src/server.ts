import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { buildApp } from './app.ts'
import { createKeys, type Workspace } from './auth.ts'
import { CannotStart } from './cannot-start.ts'
import type { Settings } from './config.ts'
import { openDataFolder, usingFile } from './data-folder.ts'
import { onlyWorkspace } from './keys-file.ts'
import { createLive } from './live.ts'
import { openSqliteLog, type SqliteLogOptions } from './log/sqlite.ts'
import { createMeter } from './meter.ts'
import { createOrders } from './orders.ts'
import { startProcessing } from './processing.ts'
import { createProgress } from './progress.ts'
import { createReader } from './reader.ts'
import { finishRebuild } from './rebuild.ts'
import { createRecentIds } from './recent-ids.ts'
import { createRefusalLog } from './refusal-log.ts'
import { createRules, type Rules } from './rules.ts'
import { createSightings } from './sightings.ts'
import { openSqliteStore } from './store/sqlite.ts'

const PARTITION = 0

/** How long a stop waits for requests in flight, and then for the worker. What is left over is processed at the next start. */
const STOP_MS = 5000

/** What tests set otherwise. */
export interface ServerOptions {
  now?: () => number
  logLimits?: Omit<SqliteLogOptions, 'file' | 'now'>
  workerScript?: URL
  readerScript?: URL
}

export interface RunningServer {
  /** `http://host:port` */
  url: string
  workspaces: readonly Workspace[]
  /** Answers what is in flight, lets the worker finish, closes the files. */
  close(): Promise<void>
}

/** The composition root: opens all parts, joins them, and listens. Throws `CannotStart`. */
export async function startServer(settings: Settings, options: ServerOptions = {}): Promise<RunningServer> {
  const { now = Date.now, logLimits, workerScript: script, readerScript } = options
  const closers: (() => unknown)[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const folder = openDataFolder(settings.data)
    closers.push(folder.close)
    const workspaces = settings.workspaces ?? [onlyWorkspace(folder.path, settings)]
    const keys = createKeys(workspaces)

    const storeFile = join(folder.path, 'events.db')
    const upgrade = createProgress('airhop-ingest: upgrading events.db')
    const [store, position] = await usingFile(storeFile, async () => {
      finishRebuild(storeFile, upgrade.update)
      upgrade.end()
      const opened = openSqliteStore(storeFile)
      return [opened, (await opened.position(PARTITION)) ?? 0] as const
    })
    const logFile = join(folder.path, 'log.db')
    const log = openSqliteLog({ file: logFile, ...logLimits, now })
    closers.push(log.close)
    await usingFile(logFile, () => log.release(PARTITION, position))

    const queries = store.query
    const oneWorkspace = workspaces.length === 1
    const live = createLive({ keys, queries, oneWorkspace })
    const retention = workspaces.flatMap(({ name, retentionDays: days }) => (days ? [{ workspace: name, days }] : []))
    const processing = startProcessing({
      data: { logFile, storeFile, partition: PARTITION, retention },
      script,
      newest: () => log.newest(PARTITION),
      // A disk that fails here is remembered by the log, and said by /health; nothing else depends on what is let go of.
      onProgress: (upTo) => {
        live.wake()
        log.release(PARTITION, upTo).catch(() => undefined)
      },
    })
    closers.push(() => processing.stop(STOP_MS))
    // Before the worker's: the last one to close takes the WAL along, and this one only reads.
    closers.push(store.close)
    const reader = createReader({ data: { storeFile }, script: readerScript })
    closers.push(reader.close)

    const refusals = createRefusalLog({ log, now })
    const recentIds = createRecentIds()
    const rules = rulesOf(workspaces, now)
    const orders = createOrders({ log, queries, now })
    const app = buildApp({
      keys,
      log,
      partition: PARTITION,
      recentIds,
      rules,
      now,
      queries,
      slow: reader.queries,
      oneWorkspace,
      processing,
      refusals,
      orders,
      live,
      meter: createMeter(now),
      sightings: createSightings(now),
      sizes: () => ({ store: sizeOf(storeFile), log: sizeOf(logFile) }),
      version: version(),
    })
    closers.push(() => {
      live.close()
      const forced = setTimeout(() => app.server.closeAllConnections(), STOP_MS)
      return app.close().finally(() => clearTimeout(forced))
    })
    const listening = await app.listen({ port: settings.port, host: settings.host }).catch(explain(settings))
    // That is where it listens; no browser can be sent there.
    const url = listening.replace('//[::]:', '//[::1]:')
    return { url, workspaces, close }
  } catch (error) {
    await close()
    throw error
  }
}

function rulesOf(workspaces: readonly Workspace[], now: () => number): ReadonlyMap<string, Rules> {
  const rules = new Map<string, Rules>()
  for (const { name, rules: settings } of workspaces) {
    const made = settings && createRules(settings, now)
    if (made) rules.set(name, made)
  }
  return rules
}

/** Bytes of a SQLite file and what waits beside it. */
const sizeOf = (file: string) =>
  [file, `${file}-wal`].reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0)

const version = (): string => JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version

const explain =
  ({ host, port }: Settings) =>
  (error: NodeJS.ErrnoException): never => {
    if (error.code === 'EADDRINUSE') {
      throw new CannotStart([
        `Port ${port} of ${host} is in use. Stop what uses it, or set AIRHOP_PORT (0 picks a free one).`,
      ])
    }
    throw new CannotStart([`It cannot listen on ${host}:${port}: ${error.message}.`])
  }
