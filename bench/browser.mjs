// Chromium with the programs in it, and what CDP says of its work.

import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { chromium } from '@playwright/test'
import { bundle } from './bundles.mjs'
import { openCollector } from './collector.mjs'

const DEBIAN_CHROMIUM = '/usr/bin/chromium'
const HOST = '127.0.0.1'
export const SETTLE_MS = 300

const HTML = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Waypost: every project, and where it
stands</title><link rel="icon" href="data:,"></head><body><h1>Projects</h1></body></html>`

/**
 * The same event for all programs, 158 bytes in the floor's body. Each has an id, by which the collector knows it. It is
 * given to the page as text, and so may use nothing from here.
 */
const preparePage = () => {
  let made = 0
  const next = () => ({
    // Not in base 10: V8 keeps 64 kB of the texts of such numbers, which would count as the program's.
    id: `bench-${(made++).toString(36).padStart(6, '0')}`,
    plan: 'pro',
    template: 'kanban',
    members: 12,
    source: 'onboarding',
  })
  const turn = () => new Promise((resolve) => setTimeout(resolve))

  globalThis.measure = {
    /** So many calls in tasks of ten, or as many as the time allows; how many there were. */
    async calls(count, withinMs = Infinity) {
      const start = performance.now()
      let done = 0
      for (; done < count && performance.now() - start < withinMs; done += 10) {
        for (let call = 0; call < 10; call++) globalThis.track('project_created', next())
        await turn()
      }
      return done
    },
    /** So many blocks of so many calls, a block a task: µs a call of each block. The properties are made before. */
    async blocks(count, size) {
      const found = []
      for (let block = 0; block < count; block++) {
        const properties = Array.from({ length: size }, next)
        const start = performance.now()
        for (const one of properties) globalThis.track('project_created', one)
        found.push(((performance.now() - start) * 1000) / size)
        await turn()
      }
      return found
    },
    /** Calls in tasks of ten until there are so many or the time is up; the longest of the long tasks meanwhile. */
    async loop(count, withinMs) {
      const tasks = []
      const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration)))
      observer.observe({ type: 'longtask' })
      const calls = await globalThis.measure.calls(count, withinMs)
      await new Promise((resolve) => setTimeout(resolve, 200))
      return { calls, longTasks: tasks.length, longestMs: Math.max(0, ...tasks) }
    },
    every(count, intervalMs) {
      return new Promise((resolve) => {
        const timer = setInterval(() => {
          globalThis.track('project_created', next())
          if (--count === 0) {
            clearInterval(timer)
            resolve()
          }
        }, intervalMs)
      })
    },
  }
}

export const launch = async () => {
  const site = await openSite()
  const browser = await chromium.launch({
    executablePath: process.env.AIRHOP_CHROMIUM || (existsSync(DEBIAN_CHROMIUM) ? DEBIAN_CHROMIUM : undefined),
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Some programs send nothing from a browser that is driven.
      '--disable-blink-features=AutomationControlled',
      // Nothing leaves the machine.
      `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${HOST}`,
    ],
  })
  // Some programs send nothing from a browser that says it has no head.
  const userAgent = `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${parseInt(browser.version(), 10)}.0.0.0 Safari/537.36`

  /** In a browser profile of its own, and so with connections and storage of its own. */
  const openPage = async ({ throttle = 1 }) => {
    const context = await browser.newContext({ userAgent })
    const page = await context.newPage()
    const cdp = await context.newCDPSession(page)
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: throttle })
    return { page, cdp, close: () => context.close() }
  }

  return {
    version: browser.version(),
    openPage,

    /** A program in a browser profile and a renderer of its own, which has shown a page of the site before. */
    async open(name, options = {}) {
      const collector = await openCollector()
      await site.add(name)
      const { page, cdp, close } = await openPage(options)
      await page.addInitScript(preparePage)
      await cdp.send('Performance.enable')
      const address = `${site.url}/${name}/?to=${encodeURIComponent(collector.url)}`
      await page.goto(`${site.url}/warm/`)

      return {
        name,
        page,
        collector,
        load: () => page.goto(address),
        /** Into the page that is there already: a navigation may take another process, whose CPU is counted anew. */
        insert: () =>
          page.evaluate(
            async ([main, to]) => {
              await import(main)
              globalThis.track = globalThis.bench(to)
            },
            [`${site.url}/${name}/main.js`, collector.url],
          ),
        /** Another page of the site, by a link. */
        async leave() {
          await page.evaluate((to) => setTimeout(() => location.assign(to)), `${address}&next`)
          await page.waitForURL(/next/)
        },
        /** CPU of the renderer's main thread so far, in ms. */
        async cpuMs() {
          const { metrics } = await cdp.send('Performance.getMetrics')
          return metrics.find((metric) => metric.name === 'ThreadTime').value * 1000
        },
        /** Bytes of the page's heap that are in use, after a full collection. */
        async heapBytes() {
          await cdp.send('HeapProfiler.collectGarbage')
          await cdp.send('HeapProfiler.collectGarbage')
          return (await cdp.send('Runtime.getHeapUsage')).usedSize
        },
        async close() {
          await close()
          collector.close()
        },
      }
    },

    async close() {
      await browser.close()
      site.close()
    },
  }
}

/** The pages: `/<program>/`, isolated so that the clock ticks at 5 µs. */
const openSite = async () => {
  const files = new Map([['/warm/', HTML]])
  const server = createServer(({ url }, response) => {
    const file = files.get(url.split('?', 1)[0])
    response
      .writeHead(file === undefined ? 404 : 200, {
        'content-type': typeof file === 'string' ? 'text/html; charset=utf-8' : 'text/javascript; charset=utf-8',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      })
      .end(file)
  })
  server.listen(0, HOST)
  await once(server, 'listening')

  return {
    url: `http://${HOST}:${server.address().port}`,
    async add(name) {
      if (files.has(`/${name}/`)) return
      const main = `<script type="module">import './main.js'
track = bench(new URLSearchParams(location.search).get('to'))</script>`
      files.set(`/${name}/`, HTML.replace('</body>', `<script>var track</script>${main}</body>`))
      for (const [file, contents] of (await bundle(name)).files) files.set(`/${name}/${file}`, contents)
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
