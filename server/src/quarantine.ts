import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Keys } from './auth.ts'
import { refuseByLog } from './log/failure.ts'
import { type Log, RELEASE_DOOR, type ReleasedEvent } from './log/port.ts'
import { parametersOf } from './parameters.ts'
import { type Rules, refusalOf } from './rules.ts'
import type { PageQueries } from './store/page-port.ts'
import type { QuarantinedEvent, Queries } from './store/queries-port.ts'

/** Looked at together: some MiB at most of what pages send, and one commit to the log. */
const PAGE_EVENTS = 50

export interface QuarantineParts {
  keys: Pick<Keys, 'admin'>
  queries: Pick<Queries, 'quarantined' | 'quarantine'> & Pick<PageQueries, 'quarantinedNames'>
  log: Pick<Log, 'append'>
  rules: ReadonlyMap<string, Rules>
  now: () => number
}

interface ReplayAnswer {
  /** Taken: they are in the log, and soon in the store. */
  replayed: number
  /** Still not as the contract says. */
  kept: number
}

/** What is shown of an example: more is of no use to a reader, and may be a MiB. */
const EXAMPLE_CHARS = 16 * 1024

/** What is kept aside: shown by name, and stored once its contract allows it. */
export function createQuarantineApi({ keys, queries, log, rules, now }: QuarantineParts) {
  const underWay = new Map<string, Promise<ReplayAnswer>>()

  async function replay(workspace: string): Promise<ReplayAnswer> {
    const answer = { replayed: 0, kept: 0 }
    for (let after: number | undefined, more = true; more; ) {
      const page = queries.quarantined(workspace, { after, limit: PAGE_EVENTS, order: 'asc' })
      const released = page.items.map((held) => releasedBy(held, workspace)).filter((event) => event !== undefined)
      if (released.length > 0) await release(released, workspace).catch(refuseByLog)
      answer.replayed += released.length
      answer.kept += page.items.length - released.length
      after = page.last
      more = page.more
      // What stays costs no commit, so that nothing else would let requests in between.
      await nextTurn()
    }
    return answer
  }

  function releasedBy({ json, idGenerated }: QuarantinedEvent, workspace: string): ReleasedEvent | undefined {
    const event = JSON.parse(json) as { warnings?: string[] }
    const breach = breachOf(event, workspace)
    if (!breach) return { event, idGenerated }
    if (breach.mode !== 'warn') return undefined
    return { event: { ...event, warnings: [...(event.warnings ?? []), refusalOf(breach).message] }, idGenerated }
  }

  /** What the contract has against it now. */
  const breachOf = (event: object, workspace: string) => rules.get(workspace)?.contract?.check(event)

  function release(events: readonly ReleasedEvent[], workspace: string): Promise<void> {
    const body = Buffer.from(JSON.stringify(events))
    const bytes = { encoding: null, body, bodyBytes: body.length, events: events.length }
    const request = { source: 'http' as const, door: RELEASE_DOOR, receivedAtMs: now(), facts: { fromBrowser: false } }
    return log.append([{ ...request, ...bytes, workspace, refusal: null, rulings: null }])
  }

  return {
    /**
     * `POST /api/v1/quarantine/replay` → `{ replayed, kept }`: what the contract allows by now goes its way through the
     * log, with the ids and times that it came with. What is replayed twice is stored once.
     */
    replay({ headers }: FastifyRequest): Promise<ReplayAnswer> {
      const { name } = keys.admin(headers)
      const running = underWay.get(name) ?? replay(name).finally(() => underWay.delete(name))
      underWay.set(name, running)
      return running
    },

    /**
     * `GET /api/v1/quarantine/names` → `{ held, expired, names }`: how many of each name, why, the newest as an example,
     * and whether the contract allows that one by now.
     */
    names(request: FastifyRequest, reply: FastifyReply): FastifyReply {
      const { name: workspace } = keys.admin(request.headers)
      parametersOf(request, [])
      const names = queries.quarantinedNames(workspace).map(({ firstAtMs, lastAtMs, json, ...group }) => {
        const event = JSON.parse(json) as object
        const breach = breachOf(event, workspace)
        return {
          ...group,
          firstAt: new Date(firstAtMs).toISOString(),
          lastAt: new Date(lastAtMs).toISOString(),
          example: JSON.stringify(event, null, 2).slice(0, EXAMPLE_CHARS),
          allowedNow: !breach || breach.mode === 'warn',
        }
      })
      return reply.header('cache-control', 'no-store').send({ ...queries.quarantine(workspace), names })
    },
  }
}
