// A server that takes the events of any program, and knows which have come.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { gunzipSync } from 'node:zlib'

const HOST = '127.0.0.1'

/** What each of the programs takes as a success. */
const answerFor = (count) =>
  JSON.stringify({ received: count, accepted: count, rejected: 0, status: 1, code: 200, success: true, ok: true })

/**
 * `mode`: `answer`; `fail` with 503, so that each try is seen; or `hold`, with no answer until the mode changes. One
 * collector has one program: what comes is known by the ids in it, whatever its form.
 */
export const openCollector = async () => {
  let mode = 'answer'
  let held = []
  const requests = []
  const delivered = new Set()
  const watchers = new Set()

  const finish = (request, response, body) => {
    if (mode === 'hold') return held.push([request, response, body])
    const ids = idsOf(body, request.url)
    requests.at(request.bench).events = ids.length
    if (mode === 'fail') return response.writeHead(503).end()
    for (const id of ids) delivered.add(id)
    response.writeHead(200, { 'content-type': 'application/json' }).end(answerFor(ids.length))
    for (const watch of watchers) watch()
  }

  const server = createServer(async (request, response) => {
    const { method, url, headers, rawHeaders } = request
    response.setHeader('access-control-allow-origin', headers.origin ?? '*')
    response.setHeader('access-control-allow-credentials', 'true')
    response.setHeader('cross-origin-resource-policy', 'cross-origin')
    const headerBytes =
      Buffer.byteLength(`${method} ${url} HTTP/1.1\r\n\r\n${rawHeaders.join('::')}`) + rawHeaders.length
    request.bench = requests.push({ method, url, headerBytes, bodyBytes: 0, events: 0, atMs: performance.now() }) - 1
    const parts = []
    try {
      for await (const part of request) parts.push(part)
    } catch {
      return // the page went away in the middle of it
    }
    const body = Buffer.concat(parts)
    requests[request.bench].bodyBytes = body.length
    if (method !== 'OPTIONS') return finish(request, response, body)
    response
      .writeHead(204, {
        'access-control-allow-methods': 'GET, POST, PUT, OPTIONS',
        'access-control-allow-headers': headers['access-control-request-headers'] ?? '',
        'access-control-max-age': '600',
      })
      .end()
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, HOST)
  await once(server, 'listening')

  return {
    url: `http://${HOST}:${server.address().port}`,
    requests,
    delivered,
    set(next) {
      mode = next
      const waiting = held
      held = []
      for (const [request, response, body] of waiting) finish(request, response, body)
    },
    /** Whether so many different events are there within the time. */
    has: (count, withinMs) =>
      new Promise((resolve) => {
        const end = (is) => {
          clearTimeout(timer)
          watchers.delete(look)
          resolve(is)
        }
        const look = () => delivered.size >= count && end(true)
        const timer = setTimeout(end, withinMs, false)
        watchers.add(look)
        look()
      }),
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The ids that `track` in browser.mjs gives to events. */
const idsOf = (body, url) => [...textOf(body, url).matchAll(/bench-([0-9a-z]{6})/g)].map(([, id]) => id)

const textOf = (body, url) => {
  const text = `${isGzip(body) ? gunzipSync(body) : body}\n${url}`
  // Forms, and base64 within JSON or forms.
  const unescaped = text.includes('%') ? safely(() => decodeURIComponent(text.replaceAll('+', ' ')), text) : text
  const inside = [...unescaped.matchAll(/[\w+/-]{80,}={0,2}/g)].map(([coded]) => Buffer.from(coded, 'base64'))
  return [unescaped, ...inside].join('\n')
}

const isGzip = (body) => body[0] === 0x1f && body[1] === 0x8b

const safely = (action, otherwise) => {
  try {
    return action()
  } catch {
    return otherwise
  }
}
