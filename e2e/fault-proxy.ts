import { once } from 'node:events'
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request to the ingest API, as it came whole to the proxy. */
export interface Arrival {
  /** ms since 1970. */
  at: number
  method: string
  origin: string
  bytes: number
  /** What is in it, in order. */
  events: { messageId: string; properties?: { visitor?: string; n?: number } }[]
  /** That it was answered to the end, or that its connection has broken. */
  over: boolean
}

/**
 * What becomes of a request.
 * - `pass`: the server's own answer.
 * - `hang`: no answer, as long as the other end waits.
 * - `reset`: the connection breaks before the server has seen it.
 * - `lose`: the server takes it and answers, then the connection breaks.
 * - `deny`: the server's own answer, without the headers by which a page of another origin may read it.
 * - `close`: the server's own answer, and then the end of a connection that was promised to be kept.
 * - `{ delayMs }`: the server's own answer, so much later and then byte by byte.
 * - `{ status }`: this answer; the server sees nothing of it.
 */
export type Reaction =
  | 'pass'
  | 'hang'
  | 'reset'
  | 'lose'
  | 'deny'
  | 'close'
  | { delayMs: number }
  | { status: number; headers?: OutgoingHttpHeaders; body?: string }

/** Between the browser and the server, on an origin of its own. */
export interface FaultProxy {
  /** `http://127.0.0.1:port`, the same after `listen()`. */
  readonly url: string
  /** All that came, in order. */
  readonly arrivals: Arrival[]
  /** How often each event came, by its messageId. */
  copies(): Map<string, number>
  /** From now on, each request is treated so. */
  react(how: Reaction | ((arrival: Arrival) => Reaction)): void
  /** So are the next `count` requests; those after them pass. Resolves when that many have come. */
  reactTo(count: number, how: Reaction): Promise<void>
  /** Resolves when there are `count` arrivals in all. */
  arrived(count: number): Promise<void>
  /** Connections are refused, and those that are open break. */
  refuse(): Promise<void>
  /** Takes connections again. */
  listen(): Promise<void>
}

const CORS = /^access-control-/

export const startFaultProxy = async (upstream: string): Promise<FaultProxy> => {
  const arrivals: Arrival[] = []
  let react: (arrival: Arrival) => Reaction = () => 'pass'
  let waiting: { count: number; resolve: () => void }[] = []

  const server = createServer(async (request, response) => {
    // What the browser gives up is no fault of the proxy.
    for (const stream of [request, response]) stream.on('error', () => {})
    const body = await bodyOf(request)
    if (!body) return
    if (!request.url!.startsWith('/ingest/')) return pass(request, body, response)
    const arrival: Arrival = {
      at: Date.now(),
      method: request.method!,
      origin: request.headers.origin ?? '',
      bytes: body.length,
      events: eventsOf(body),
      over: false,
    }
    const reaction = react(arrival)
    arrivals.push(arrival)
    response.once('close', () => {
      arrival.over = true
    })
    for (const { count, resolve } of waiting) if (arrivals.length >= count) resolve()
    waiting = waiting.filter(({ count }) => arrivals.length < count)
    if (reaction === 'hang') return
    if (reaction === 'reset') return void request.socket.destroy()
    if (typeof reaction === 'object' && 'status' in reaction) {
      const { status, headers = {}, body: text = '' } = reaction
      const allow = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After' }
      return void response.writeHead(status, { ...allow, ...headers }).end(text)
    }
    await pass(request, body, response, reaction)
  })

  const pass = async (request: IncomingMessage, body: Buffer, response: ServerResponse, how: Reaction = 'pass') => {
    const answer = await ask(request, body)
    if (!answer || how === 'lose') return void request.socket.destroy()
    const headers = Object.fromEntries(
      Object.entries(answer.headers).filter(([name]) => name !== 'connection' && !(how === 'deny' && CORS.test(name))),
    )
    response.writeHead(answer.status, headers)
    if (how === 'close') response.once('finish', () => request.socket.end())
    if (typeof how !== 'object' || !('delayMs' in how)) return void response.end(answer.body)
    const pauseMs = how.delayMs / (answer.body.length + 1)
    for (const byte of answer.body) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      response.write(Buffer.of(byte))
    }
    response.end()
  }

  const ask = (request: IncomingMessage, body: Buffer) =>
    new Promise<{ status: number; headers: OutgoingHttpHeaders; body: Buffer } | undefined>((resolve) => {
      const { method, headers, url } = request
      const asked = forward(new URL(url!, upstream), { method, headers, agent: false }, async (answer) => {
        const whole = await bodyOf(answer)
        resolve(whole && { status: answer.statusCode!, headers: answer.headers, body: whole })
      })
      asked.once('error', () => resolve(undefined))
      asked.end(body)
    })

  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const port = await listen(0)
  const arrived = (count: number) =>
    new Promise<void>((resolve) => {
      if (arrivals.length >= count) resolve()
      else waiting.push({ count, resolve })
    })

  return {
    url: `http://127.0.0.1:${port}`,
    arrivals,
    copies() {
      const copies = new Map<string, number>()
      for (const { messageId } of arrivals.flatMap(({ events }) => events))
        copies.set(messageId, (copies.get(messageId) ?? 0) + 1)
      return copies
    },
    react(how) {
      react = typeof how === 'function' ? how : () => how
    },
    reactTo(count, how) {
      let left = count
      react = () => (left-- > 0 ? how : 'pass')
      return arrived(arrivals.length + count)
    },
    arrived,
    async refuse() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
    async listen() {
      if (!server.listening) await listen(port)
    },
  }
}

/** Undefined when it breaks before its end. */
const bodyOf = async (stream: IncomingMessage): Promise<Buffer | undefined> => {
  const parts: Buffer[] = []
  try {
    for await (const part of stream) parts.push(part)
  } catch {
    return undefined
  }
  return Buffer.concat(parts)
}

/** Of one envelope or several. */
const eventsOf = (body: Buffer): Arrival['events'] => {
  const text = body.toString()
  return text ? [JSON.parse(text)].flat().flatMap(({ batch }) => batch) : []
}
