// What goes over the network for 100 calls in 10 s and a navigation; and what happens in an outage with 1,000 events.
import { launch, pause } from './browser.mjs'
import { chosenPrograms, versionOf } from './bundles.mjs'
import { report } from './report.mjs'
import { round } from './statistics.mjs'

const CALLS = 100
const INTERVAL_MS = 100
const LATE_MS = 15_000

const OUTAGE_EVENTS = 1000
const OUTAGE_MS = 15_000
const AFTER_MS = 30_000
const AT_ONCE = 4

const sum = (values) => values.reduce((total, value) => total + value, 0)

const browser = await launch()
// All at once: each has a profile, and so connections, of its own, and what is counted doesn't depend on speed.
const programs = chosenPrograms().filter((name) => name !== 'blank')
const visits = await Promise.all(programs.map(visit))
const outages = []
// In an outage some try thousands of times: few at once, so that none is slowed down by that.
for (let first = 0; first < programs.length; first += AT_ONCE)
  outages.push(...(await Promise.all(programs.slice(first, first + AT_ONCE).map(outage))))
await browser.close()

async function visit(name) {
  const program = await browser.open(name)
  const { page, collector, load, leave } = program
  await load()
  await page.evaluate(([count, interval]) => measure.every(count, interval), [CALLS, INTERVAL_MS])
  await leave()
  await collector.has(CALLS, LATE_MS)
  await pause(1000)
  const preflights = collector.requests.filter(({ method }) => method === 'OPTIONS').length
  const count = collector.delivered.size
  const row = {
    program: name,
    version: versionOf(name),
    arrived: count,
    requests: collector.requests.length - preflights,
    preflights,
    bodyPerEvent: round(sum(collector.requests.map(({ bodyBytes }) => bodyBytes)) / count),
    headersPerEvent: round(sum(collector.requests.map(({ headerBytes }) => headerBytes)) / count),
    repeated: sum(collector.requests.map(({ events }) => events)) - count,
  }
  await program.close()
  return row
}

async function outage(name) {
  const program = await browser.open(name)
  const { page, collector, load } = program
  await load()
  await pause(500)
  collector.set('fail')
  const calling = page.evaluate(([count, ms]) => measure.calls(count, ms), [OUTAGE_EVENTS, OUTAGE_MS - 1000])
  await pause(OUTAGE_MS)
  const called = await calling
  const tries = collector.requests.filter(({ method }) => method !== 'OPTIONS').length
  const back = performance.now()
  collector.set('answer')
  const all = await collector.has(called, AFTER_MS)
  const row = {
    program: name,
    called,
    tries,
    afterS: all ? round((performance.now() - back) / 1000) : `not in ${AFTER_MS / 1000}`,
    arrived: collector.delivered.size,
    triesAfter: collector.requests.filter(({ method }) => method !== 'OPTIONS').length - tries,
  }
  await program.close()
  return row
}

report('wire', {
  chromium: browser.version,
  sections: [
    {
      title: `${CALLS} calls in ${(CALLS * INTERVAL_MS) / 1000} s, then a navigation to another page of the site`,
      columns: {
        program: 'program',
        version: 'version',
        arrived: 'arrived',
        requests: 'requests',
        preflights: 'preflights',
        bodyPerEvent: 'body bytes per event',
        headersPerEvent: 'header bytes per event',
        repeated: 'events sent again',
      },
      rows: visits,
    },
    {
      title: `${OUTAGE_EVENTS.toLocaleString('en-US')} events at the start of an outage of ${OUTAGE_MS / 1000} s (503 to everything)`,
      columns: {
        program: 'program',
        called: 'called in it',
        tries: 'tries during it',
        afterS: 'all there after it, s',
        arrived: 'arrived',
        triesAfter: 'requests after it',
      },
      rows: outages,
    },
  ],
})
