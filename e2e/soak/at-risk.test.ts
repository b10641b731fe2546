import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from '@playwright/test'
import { driverless, startTold } from '../engines/driverless.ts'
import type { EngineName } from '../engines/engine.ts'
import { isInstalled } from '../engines/installed.ts'

/** A page that keeps things in the browser by each of the ways in question, and tells when it did and what it finds. */
const PAGE = `<!doctype html><title>At risk</title><script type="module">
  const { how, what, urls } = JSON.parse(decodeURIComponent(location.hash.slice(1)))
  const tell = (name, value) => fetch('/told/' + name, { method: 'POST', body: JSON.stringify(value), keepalive: true })
  const open = () => new Promise((resolve) => {
    const opening = indexedDB.open('journal', 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore('q')
    opening.onsuccess = () => resolve(opening.result)
  })
  const local = {
    put: (key, value) => localStorage.setItem(key, value),
    list: async () => Object.entries(localStorage),
  }
  const indexed = (durability) => ({
    put(key, value) {
      const transaction = this.db.transaction('q', 'readwrite', { durability })
      transaction.objectStore('q').put(value, key)
      transaction.commit()
    },
    list() {
      const store = this.db.transaction('q').objectStore('q')
      const found = [store.getAllKeys(), store.getAll()]
      return new Promise((resolve) => {
        found[1].onsuccess = () => resolve(found[0].result.map((key, at) => [key, found[1].result[at]]))
      })
    },
  })
  const ways = { localStorage: local, 'IndexedDB relaxed': indexed('relaxed'), 'IndexedDB strict': indexed('strict') }
  const way = ways[how]
  const TEXT = 'x'.repeat(500)
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]

  const doing = {
    'write once': async () => {
      // Not by a timer of the page: those of tabs in the background are late.
      await fetch('/write')
      const at = Date.now()
      way.put('one', TEXT)
      tell('written', { origin: location.origin, at })
    },
    'write steadily': async () => {
      let n = 0
      setInterval(() => {
        way.put(String(n++).padStart(6, '0'), Date.now() + TEXT)
      }, 20)
      await tell('ready', 0)
    },
    read: async () => {
      // Only the newest, and how it begins: what is told may have 64 KiB.
      const found = (await way.list()).sort().slice(-1).map(([key, value]) => [key, value.slice(0, 13)])
      await tell('found', { origin: location.origin, found })
    },
    cost: async () => {
      // In tasks of one event, as a page tracks them.
      const each = []
      for (let n = 0; n < 200; n++) {
        const start = performance.now()
        for (let m = 0; m < 5; m++) way.put(n + '.' + m, TEXT)
        each.push((performance.now() - start) / 5)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await tell('cost', { putUs: median(each) * 1000 })
    },
    start: async () => {
      const found = await way.list()
      await tell('start', { ms: performance.now() - loadedAt, found: found.length })
    },
    leave: async () => {
      addEventListener('pagehide', () => way.put('left', TEXT))
      await tell('ready', 0)
      setTimeout(() => { location.href = urls[0] + '/#' + encodeURIComponent(JSON.stringify({ how, what: 'landed', urls })) }, 200)
    },
    landed: async () => setTimeout(() => { location.href = urls[1] + '/#' + encodeURIComponent(JSON.stringify({ how, what: 'read' })) }, 500),
  }
  const loadedAt = performance.now()
  if (how !== 'localStorage') for (const one of Object.values(ways)) one.db = await open()
  await doing[what]()
</script>`

const AGES_MS = [5, 15, 30, 60, 125, 250, 500, 1000, 2000, 3000, 4000, 5000, 6000, 8000]
const STEADY_S = [12, 65]
const KILLS = 2
const LEAVES = 5
const WAYS = ['localStorage', 'IndexedDB relaxed', 'IndexedDB strict'] as const
const ENGINES: EngineName[] = ['chromium', 'firefox', 'webkit']

const at = (url: string, said: object) => `${url}/#${encodeURIComponent(JSON.stringify(said))}`

for (const engine of ENGINES.filter(isInstalled)) {
  for (const how of WAYS) {
    test(`how long a write by ${how} is at risk in ${engine}, when the browser is killed`, async () => {
      test.setTimeout(20 * 60_000)
      const told = await startTold(PAGE, AGES_MS.length + 1)
      const [home, ...urls] = told.urls
      /** Ages in ms of writes that were not there after the kill, and of those that were. */
      const lost: number[] = []
      const kept: number[] = []
      for (let kill = 0; kill < KILLS; kill++) {
        const browser = await driverless(engine)
        // One origin for each age, because a browser may write several changes of one origin together.
        browser.start(...urls.map((url) => at(url, { how, what: 'write once' })))
        for (const _ of urls) await told.next('held')
        const due = Date.now() + Math.max(...AGES_MS) + 500
        for (const [n, age] of AGES_MS.entries()) told.release(urls[n]!, due - age)
        await wait(due - Date.now())
        const killedAt = await browser.kill()
        const written = new Map<string, number>()
        for (const { origin, at } of told.rest('written')) written.set(origin, killedAt - at)
        browser.start(...urls.map((url) => at(url, { how, what: 'read' })))
        for (const _ of urls) {
          const { origin, found } = await told.next('found')
          const age = written.get(origin)
          if (age !== undefined) (found.length > 0 ? kept : lost).push(age)
        }
        await browser.dispose()
      }
      const steady: number[] = []
      for (const seconds of STEADY_S) {
        const browser = await driverless(engine)
        browser.start(at(home!, { how, what: 'write steadily' }))
        await told.next('ready')
        await wait(seconds * 1000)
        const killedAt = await browser.kill()
        browser.start(at(home!, { how, what: 'read' }))
        const { found } = await told.next('found')
        const last = Math.max(0, ...found.map(([, value]: [string, string]) => Number.parseInt(value, 10)))
        steady.push(last === 0 ? seconds * 1000 : killedAt - last)
        await browser.dispose()
      }
      const browser = await driverless(engine)
      browser.start(at(home!, { how, what: 'cost' }))
      const { putUs } = await told.next('cost')
      await wait(12_000)
      await browser.kill()
      browser.start(at(home!, { how, what: 'start' }))
      const start = await told.next('start')
      await browser.kill()
      let leftKept = 0
      for (let n = 0; n < LEAVES; n++) {
        browser.start(at(urls[n]!, { how, what: 'leave', urls: [urls.at(-1), urls[n]] }))
        await told.next('ready')
        const { found } = await told.next('found')
        if (found.length > 0) leftKept++
        await browser.kill()
      }
      await browser.dispose()
      told.close()

      const ms = (values: number[]) => values.toSorted((a, b) => a - b)
      console.log(
        JSON.stringify({
          engine,
          how,
          oldestLostMs: Math.max(0, ...lost),
          youngestKeptMs: Math.min(...kept),
          lost: ms(lost),
          kept: ms(kept),
          steadyLostMs: Object.fromEntries(STEADY_S.map((seconds, n) => [`${seconds} s`, steady[n]])),
          putUs,
          listMsOf: start,
          putOnPagehideKept: `${leftKept} of ${LEAVES}`,
        }),
      )
      // What is older than the longest of all intervals between two writings is there.
      expect(Math.max(0, ...lost)).toBeLessThan(Math.max(...AGES_MS))
    })
  }
}
