import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Workspace } from '../src/auth.ts'
import { readSettings } from '../src/config.ts'
import { type ServerOptions, startServer } from '../src/server.ts'
import { ADMIN_TOKEN, CHURNKEY_API_KEY, CHURNKEY_APP_ID, HOGSEND_KEY, SERVER_TOKEN, WRITE_KEY } from './keys.ts'

export { ADMIN_TOKEN, WRITE_KEY }

/** A workspace with a key of every kind. */
export const EVERY_KEY: Workspace = {
  name: 'default',
  writeKeys: [WRITE_KEY],
  adminTokens: [ADMIN_TOKEN],
  serverTokens: [SERVER_TOKEN],
  hogsendKeys: [{ key: HOGSEND_KEY, scopes: ['ingest'] }],
  churnkey: { appId: CHURNKEY_APP_ID, apiKey: CHURNKEY_API_KEY },
}

export const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'airhop-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A server in this process, on real files and a free port; closed after the test. */
export async function startHere({
  data = ':memory:',
  workspace,
  ...options
}: ServerOptions & { data?: string; workspace?: Workspace } = {}) {
  const keys = { writeKey: WRITE_KEY, adminToken: ADMIN_TOKEN }
  const settings = { port: 0, host: '127.0.0.1', data, workspaces: workspace && [workspace], warnings: [], ...keys }
  const server = await startServer(settings, options)
  onTestFinished(server.close)
  return { ...client(server.url), close: server.close }
}

/** A server in this process with a configuration file: one workspace with these settings, and its contract in a file beside. */
export async function startWith(
  { contract, ...settings }: Record<string, unknown>,
  { data = ':memory:', ...options }: ServerOptions & { data?: string } = {},
) {
  const folder = temporaryFolder()
  const file = join(folder, 'config.json')
  const workspace = {
    name: 'default',
    writeKeys: [WRITE_KEY],
    ...settings,
    ...(contract !== undefined && { contract: 'contract.json' }),
  }
  writeFileSync(file, JSON.stringify({ workspaces: [workspace] }))
  writeFileSync(join(folder, 'contract.json'), JSON.stringify(contract ?? {}))
  const { workspaces, ...read } = await readSettings({ AIRHOP_CONFIG: file, AIRHOP_PORT: '0', AIRHOP_DATA: data })
  const known = workspaces!.map((one) => ({ ...one, adminTokens: [ADMIN_TOKEN] }))
  const server = await startServer({ ...read, workspaces: known }, options)
  onTestFinished(server.close)
  return { ...client(server.url), close: server.close }
}

/** The server as a process of its own; killed after the test if it still runs. */
export async function startProcess(env: NodeJS.ProcessEnv = {}, command: string[] = [process.execPath, MAIN]) {
  const child = spawnServer(env, command)
  const lines = createInterface({ input: child.stdout! })
  const output: string[] = []
  const first = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      output.push(line)
      resolve(line)
    })
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
  })
  const url = first.replace('airhop-ingest listening on ', '')
  return { ...client(url), child, output, ended: endOf(child) }
}

/** Starts a server that is expected to end by itself, and gives what it said. */
export async function failToStart(
  env: NodeJS.ProcessEnv,
  command: string[] = [process.execPath, MAIN],
): Promise<{ code: number | null; said: string }> {
  const child = spawnServer(env, command)
  let said = ''
  child.stderr!.on('data', (part) => {
    said += part
  })
  return { code: await endOf(child), said }
}

/** Runs a command of the server to its end, and gives what it said. */
export async function runCommand(args: string[], env: NodeJS.ProcessEnv, input?: Buffer) {
  const child = spawnServer(env, [process.execPath, MAIN, ...args], input ? 'pipe' : 'ignore')
  let out = ''
  let said = ''
  child.stdout!.on('data', (part) => {
    out += part
  })
  child.stderr!.on('data', (part) => {
    said += part
  })
  child.stdin?.end(input)
  return { code: await endOf(child), out, said }
}

function spawnServer(
  env: NodeJS.ProcessEnv,
  [program, ...args]: string[],
  input: 'pipe' | 'ignore' = 'ignore',
): ChildProcess {
  const keys = { AIRHOP_WRITE_KEY: WRITE_KEY, AIRHOP_ADMIN_TOKEN: ADMIN_TOKEN }
  const child = spawn(program!, args, {
    env: { PATH: process.env.PATH, AIRHOP_PORT: '0', AIRHOP_DATA: ':memory:', ...keys, ...env },
    stdio: [input, 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

const endOf = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once('close', resolve))

export interface Listing {
  events: Record<string, unknown>[]
  rejected: Record<string, unknown>[]
  next: string | null
  cursor: string | null
}

/** What tests say to a server. */
export function client(url: string, adminToken = ADMIN_TOKEN) {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const get = (path: string, token = adminToken) => fetch(url + path, { headers: bearer(token) })

  async function list(path: string): Promise<Listing> {
    const response = await get(path)
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    return (await response.json()) as Listing
  }

  return {
    url,
    adminToken,
    get,
    list,

    /** Posts JSON, or text and bytes as they are. */
    post: (path: string, body: unknown, headers: Record<string, string> = bearer(WRITE_KEY)) =>
      fetch(url + path, {
        method: 'POST',
        headers,
        body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      }),

    /** All events of the workspace, once all that was answered is in the store. */
    async stored(): Promise<Record<string, unknown>[]> {
      await processed(url)
      const events: Record<string, unknown>[] = []
      for (let after: string | null = '0'; after !== null; ) {
        const page: Listing = await list(`/api/v1/events?limit=1000&after=${after}`)
        events.push(...page.events)
        after = page.next
      }
      return events
    },

    /** What was refused, once it can be read. */
    async rejected(): Promise<Record<string, unknown>[]> {
      await processed(url)
      return (await list('/api/v1/rejected?limit=1000')).rejected
    },

    health: async () => (await (await fetch(`${url}/health`)).json()) as Health,
    processed: () => processed(url),
  }
}

export interface Message {
  id: string
  event: string
  data: any
}

/** Reads a live stream, message by message; `close` goes away as a browser does. */
export async function listen(url: string, headers: Record<string, string> = {}) {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
    signal: stop.signal,
  })
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  const parts = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  /** The next message that is no greeting and no heartbeat. */
  async function next(): Promise<Message> {
    for (;;) {
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? ''
        if (field('data') && field('event') !== 'ready') {
          return { id: field('id'), event: field('event'), data: JSON.parse(field('data')) }
        }
      }
      const { done, value } = await parts.read()
      if (done) throw new Error('the stream ended')
      text += value
    }
  }
  const take = async (count: number) => {
    const messages: Message[] = []
    while (messages.length < count) messages.push(await next())
    return messages
  }
  return { response, next, take, close: () => stop.abort() }
}

export interface Health {
  status: string
  lag: { entries: number; bytes: number }
  worker: { state: string; restarts: number }
  lastStoredAt: string | null
  refusalsNotRecorded: number
  lastError?: string
}

/** Until the worker has nothing left to do. */
async function processed(url: string): Promise<void> {
  await until(async () => {
    const { lag } = (await (await fetch(`${url}/health`)).json()) as Health
    return lag.entries === 0
  })
}

/** Asks until it is so; the test's own time limit ends it. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10))
}
