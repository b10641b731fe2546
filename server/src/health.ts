import type { Log } from './log/port.ts'
import type { Processing } from './processing.ts'
import type { RefusalLog } from './refusal-log.ts'
import type { Queries } from './store/queries-port.ts'

export interface HealthParts {
  version: string
  log: Pick<Log, 'backlog' | 'failure' | 'survives'>
  processing: Pick<Processing, 'status'>
  queries: Pick<Queries, 'lastStoredAtMs'>
  refusals: Pick<RefusalLog, 'leftOut'>
}

/** `GET /health`, for anybody: it is `ok` while events are taken and get on to the store; `lag` is what waits between the two. */
export function createHealth({ version, log, processing, queries, refusals }: HealthParts) {
  return () => {
    const worker = processing.status()
    const lastStoredAtMs = queries.lastStoredAtMs()
    const lastError = log.failure() ?? worker.lastError
    return {
      status: lastError === undefined ? 'ok' : 'degraded',
      version,
      lastStoredAt: lastStoredAtMs === null ? null : new Date(lastStoredAtMs).toISOString(),
      lag: log.backlog(),
      log: { survives: log.survives },
      worker: { state: worker.state, restarts: worker.restarts },
      refusalsNotRecorded: refusals.leftOut(),
      ...(lastError !== undefined && { lastError }),
    }
  }
}
