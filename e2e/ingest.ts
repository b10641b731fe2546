import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { test as base, expect } from '@playwright/test'
import type { CanonicalEvent } from '../server/src/canonical.ts'

export { expect }

const built = (name: string) => fileURLToPath(new URL(`../server/dist/${name}`, import.meta.url))

/** What the read API takes as a filter. */
export type Filter = Partial<Record<'userId' | 'anonymousId' | 'event' | 'type' | 'source' | 'messageId', string>>

/** One row of `GET /api/v1/rejected`. */
export interface Rejected {
  status: number | null
  code: string
  message: string
  messageId: string | null
}

/** The built server, as a process of its own on a free port and a folder of its own. */
export interface Ingest {
  /** `http://127.0.0.1:port`, the same after `start()`. */
  readonly url: string
  readonly writeKey: string
  readonly adminToken: string
  /** All that the store has, in stored order. */
  events(filter?: Filter): Promise<CanonicalEvent[]>
  rejected(): Promise<Rejected[]>
  /** Those in the store once there are exactly `count`. */
  waitForEvents(count: number, filter?: Filter): Promise<CanonicalEvent[]>
  /** By SIGTERM, until it has ended. */
  stop(): Promise<void>
  /** By SIGKILL, until it has ended. */
  kill(): Promise<void>
  /** Again, on the same port and folder. */
  start(): Promise<void>
}

/** A customer's site: on a port of its own, so of another origin than the script and the API. */
export interface Site {
  readonly url: string
  /** HTML by path, such as `/` and `/pricing`. `/airhop.js` is the built script, for pages whose server is not there. */
  readonly pages: Map<string, string>
  /** Bodies by path of what pages have posted to the site itself. */
  readonly posted: Map<string, string[]>
  /** A whole page. */
  page(content: { head?: string; body?: string; title?: string }): string
  /** The stub and the script tag, as the README has them. An attribute given here replaces the one that it names. */
  snippet(options?: { attributes?: Record<string, string> }): string
}

interface Fixtures {
  /** Of the server, besides what the fixture sets. */
  ingestEnv: Record<string, string>
  ingest: Ingest
  site: Site
}

export const test = base.extend<Fixtures>({
  ingestEnv: [{}, { option: true }],

  ingest: async ({ ingestEnv }, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'airhop-e2e-'))
    const ingest = await startIngest({ AIRHOP_DATA: folder, ...ingestEnv })
    await use(ingest)
    await ingest.stop()
    rmSync(folder, { recursive: true, force: true })
  },

  site: async ({ ingest }, use) => {
    const pages = new Map<string, string>()
    const posted = new Map<string, string[]>()
    const server = createServer(async (request, response) => {
      const path = request.url!.split('?', 1)[0]!
      const page = pages.get(path)
      if (request.method === 'POST') {
        const body = await text(request).catch(() => undefined)
        if (body !== undefined) posted.set(path, [...(posted.get(path) ?? []), body])
      }
      if (path === '/airhop.js') {
        response
          .writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' })
          .end(readFileSync(built('airhop.js')))
      } else if (page !== undefined) {
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
      } else {
        response.writeHead(404).end()
      }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    await use({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      pages,
      posted,
      page: ({ head = '', body = '', title = 'A page' }) =>
        `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`,
      snippet: ({ attributes = {} } = {}) => {
        const all = { src: `${ingest.url}/airhop.js`, 'data-key': ingest.writeKey, ...attributes }
        const written = Object.entries(all).map(([name, value]) => `${name}="${value}"`)
        return `<script>${readFileSync(built('snippet.js'), 'utf8').trim()}</script><script ${written.join(' ')} async></script>`
      },
    })
    server.closeAllConnections()
    server.close()
  },
})

async function startIngest(env: Record<string, string>): Promise<Ingest> {
  let running = await run({ AIRHOP_PORT: '0', ...env })
  const { url, writeKey, adminToken } = running

  /** Every page of a listing. */
  async function all<Item>(list: 'events' | 'rejected', filter: Filter = {}): Promise<Item[]> {
    const items: Item[] = []
    for (let after: string | null = ''; after !== null; ) {
      const query = new URLSearchParams({ ...filter, after, limit: '1000' })
      const response = await fetch(`${url}/api/v1/${list}?${query}`, {
        headers: { authorization: `Bearer ${adminToken}` },
      })
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
      const page = (await response.json()) as { next: string | null } & Record<typeof list, Item[]>
      items.push(...page[list])
      after = page.next
    }
    return items
  }

  const end = async (signal: NodeJS.Signals) => {
    const { child } = running
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  const events = (filter?: Filter) => all<CanonicalEvent>('events', filter)

  return {
    url,
    writeKey,
    adminToken,
    events,
    rejected: () => all<Rejected>('rejected'),
    async waitForEvents(count, filter) {
      let found: CanonicalEvent[] = []
      const look = async () => {
        found = await events(filter)
        return found.length
      }
      await expect.poll(look, { message: 'events in the store', intervals: [50], timeout: 30_000 }).toBe(count)
      return found
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async start() {
      await end('SIGTERM')
      running = await run({ ...env, AIRHOP_PORT: new URL(url).port })
    },
  }
}

interface Running {
  child: ChildProcess
  url: string
  writeKey: string
  adminToken: string
}

/** Starts it and reads what it says at its start. */
async function run(env: Record<string, string>): Promise<Running> {
  const child = spawn(process.execPath, [built('main.mjs')], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (part) => {
    said += part
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`airhop-ingest ended with ${code}: ${said}`)))
    let url = ''
    let writeKey = ''
    createInterface({ input: child.stdout }).on('line', (line) => {
      url ||= /^airhop-ingest listening on (\S+)/.exec(line)?.[1] ?? ''
      writeKey ||= /^Write key: +(\S+)/.exec(line)?.[1] ?? ''
      const adminToken = /^Admin token: +(\S+)/.exec(line)?.[1]
      if (adminToken) resolve({ child, url, writeKey, adminToken })
      // With a configuration the keys are its own, and not said.
      if (line.startsWith('Workspaces: ')) {
        const [workspace] = JSON.parse(readFileSync(env.AIRHOP_CONFIG!, 'utf8')).workspaces
        resolve({ child, url, writeKey: workspace.writeKeys[0], adminToken: workspace.adminTokens[0] })
      }
    })
  })
}
