// Heap that 1,000 events take while nothing can be sent, and what is left of it once they have been.
import { launch, pause } from './browser.mjs'
import { chosenPrograms } from './bundles.mjs'
import { report } from './report.mjs'
import { summary } from './statistics.mjs'

const EVENTS = 1000
const WARM_EVENTS = 20
const ROUNDS = 2
/** Some call so slowly meanwhile that it is taken from fewer. */
const CALL_MS = 10_000
const AFTER_MS = 10_000

const browser = await launch()
const names = chosenPrograms()
const found = Object.fromEntries(names.map((name) => [name, []]))
// A heap is the same beside others.
for (let round = 0; round < ROUNDS; round++) {
  await Promise.all(names.map(async (name) => found[name].push(await measure(name))))
}
await browser.close()

async function measure(name) {
  const program = await browser.open(name)
  const { page, collector, load, heapBytes } = program
  await load()
  await page.evaluate((count) => measure.calls(count), WARM_EVENTS)
  if (name !== 'blank') await collector.has(WARM_EVENTS, AFTER_MS)
  const before = await heapBytes()
  collector.set('fail')
  const called = await page.evaluate(([count, ms]) => measure.calls(count, ms), [EVENTS, CALL_MS])
  await pause(1000)
  const queued = await heapBytes()
  collector.set('answer')
  const all = name === 'blank' || (await collector.has(WARM_EVENTS + called, AFTER_MS))
  await pause(500)
  const after = await heapBytes()
  await program.close()
  return {
    init: before / 1000,
    queued: ((queued - before) / 1000) * (EVENTS / called),
    after: (after - before) / 1000,
    all,
  }
}

report('memory', {
  chromium: browser.version,
  sections: [
    {
      title: 'Heap of the page in kB, by itself and beyond that',
      columns: {
        program: 'program',
        init: 'loaded, and sent 20 events',
        queued: '1,000 events in an outage',
        after: `up to ${AFTER_MS / 1000} s after it`,
        all: 'all had arrived then',
      },
      rows: names.map((name) => ({
        program: name,
        ...Object.fromEntries(
          ['init', 'queued', 'after'].map((field) => [field, summary(found[name].map((one) => one[field]))]),
        ),
        all: `${found[name].filter(({ all }) => all).length} of ${ROUNDS}`,
      })),
    },
  ],
})
