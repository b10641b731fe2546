import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { CHROMIUM_ARGS } from './chromium.ts'
import type { EngineName } from './engine.ts'
import { programs } from './installed.ts'
import { killTree } from './processes.ts'
import { startXvfb } from './webkit.ts'

/** A browser as a user starts it: nothing drives it, its pages say what they do. */
export interface Driverless {
  /** With these pages, a tab each, and the profile as it is. */
  start(...urls: string[]): void
  /** By SIGKILL, all its processes. Gives the moment of it. */
  kill(): Promise<number>
  dispose(): Promise<void>
}

export const driverless = async (engine: EngineName, { headless = false } = {}): Promise<Driverless> => {
  const profile = mkdtempSync(join(tmpdir(), `airhop-${engine}-`))
  const xvfb = engine === 'firefox' || headless ? undefined : await startXvfb()
  const commands: Record<EngineName, [string, string[]]> = {
    // Headless, it takes one page only.
    chromium: [
      programs.chromium!,
      [...CHROMIUM_ARGS.filter((arg) => headless || arg !== '--headless=new'), `--user-data-dir=${profile}`],
    ],
    firefox: [programs.firefox!, ['--headless', '--no-remote', '--profile', profile]],
    webkit: [programs.webkit!, []],
  }
  const [program, args] = commands[engine]
  // MiniBrowser keeps its profile where the user keeps data.
  const env = { ...process.env, DISPLAY: xvfb?.display, XDG_DATA_HOME: profile, XDG_CACHE_HOME: profile }
  let child: ChildProcess | undefined

  const kill = async () => {
    const killedAt = child ? await killTree(child) : Date.now()
    child = undefined
    return killedAt
  }
  return {
    start(...urls) {
      child = spawn(program, [...args, ...urls], { env, stdio: 'ignore' })
    },
    kill,
    async dispose() {
      await kill()
      if (xvfb) await killTree(xvfb.child)
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

/** What pages tell, by path; and sites of several origins for them, all with the same pages. */
export interface Told {
  readonly urls: string[]
  /** The next that is told under this name. */
  next(name: string): Promise<any>
  /** All that was told under this name and not yet asked for. */
  rest(name: string): any[]
  /** Answers the page of this origin that waits, at this time. */
  release(url: string, at: number): void
  close(): void
}

/** `POST /told/<name>` is heard; `GET /write` waits until it is released, and is heard as `held`; other paths are the page. */
export const startTold = async (page: string, origins: number): Promise<Told> => {
  const heard = new Map<string, unknown[]>()
  const waiting = new Map<string, ((value: unknown) => void)[]>()
  const held = new Map<string, () => void>()
  const hear = (name: string, value: unknown) => {
    const waits = waiting.get(name)?.shift()
    if (waits) waits(value)
    else heard.set(name, [...(heard.get(name) ?? []), value])
  }
  const servers: Server[] = []
  for (let n = 0; n < origins; n++) {
    const server = createServer(async (request, response) => {
      const allow = { 'access-control-allow-origin': '*' }
      if (request.method === 'POST') {
        hear(request.url!.slice('/told/'.length), JSON.parse((await text(request).catch(() => '')) || 'null'))
        response.writeHead(204, allow).end()
      } else if (request.url === '/write') {
        held.set(`http://${request.headers.host}`, () => response.writeHead(204, allow).end())
        hear('held', request.headers.host)
      } else if (request.url!.startsWith('/favicon')) response.writeHead(404).end()
      else response.writeHead(200, { ...allow, 'content-type': 'text/html; charset=utf-8' }).end(page)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    servers.push(server)
  }
  return {
    urls: servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    next: (name) =>
      new Promise((resolve) => {
        const [first, ...rest] = heard.get(name) ?? []
        if (first === undefined) waiting.set(name, [...(waiting.get(name) ?? []), resolve])
        else {
          heard.set(name, rest)
          resolve(first)
        }
      }),
    rest(name) {
      const told = heard.get(name) ?? []
      heard.delete(name)
      return told
    },
    release: (url, at) => void setTimeout(() => held.get(url)!(), at - Date.now()),
    close() {
      for (const server of servers) server.closeAllConnections()
      for (const server of servers) server.close()
    },
  }
}
