// CPU of the page's main thread: loading, one call, 100 events with their delivery, and with a thousand waiting.
import { launch, pause, SETTLE_MS } from './browser.mjs'
import { chosenPrograms } from './bundles.mjs'
import { report } from './report.mjs'
import { median, quantile, ratios, summary } from './statistics.mjs'

/** Rounds begin as long as there is time, two of each at least. */
const BUDGET_MS = { 1: 90_000, 4: 30_000 }
const MIN_ROUNDS = 2
/** At 4× all takes four times as long: these show the range. */
const SLOWED = ['blank', 'floor', 'airhop', 'segment', 'snowplow', 'posthog', 'plausible']
const LOAD_EVENTS = 100
const BLOCKS = 20
const BLOCK_EVENTS = 40
const SINGLES = 200
const FULL_EVENTS = 1000
const LOOP_EVENTS = 10_000
const LOOP_MS = 2000
/** The floor waits 5 s before it sends. */
const DELIVERY_MS = 8000

const chosen = chosenPrograms()
const browser = await launch()
const sections = []
for (const throttle of [1, 4]) {
  const names = chosen.filter((name) => throttle === 1 || SLOWED.includes(name))
  const rounds = []
  const start = performance.now()
  while (rounds.length < MIN_ROUNDS || performance.now() - start < BUDGET_MS[throttle])
    rounds.push(await oneRound(names, throttle))
  sections.push(...sectionsOf(names, throttle, rounds))
}
await browser.close()
report('cpu', { chromium: browser.version, sections })

/**
 * What each program costs. One works at a time; while they wait for their deliveries, they wait together. CPU can't be told
 * from the throttling at 4×, so that there only times are taken.
 */
async function oneRound(names, throttle) {
  const found = Object.fromEntries(names.map((name) => [name, {}]))
  const programs = []
  for (const name of names) programs.push(await browser.open(name, { throttle }))

  const each = async (work) => {
    const deliveries = []
    for (const program of programs) deliveries.push(await work(program, found[program.name]))
    await Promise.all(deliveries.map((delivered) => delivered?.()))
  }
  /** CPU so far, once so many calls have arrived; none if they don't in time. */
  const untilDelivered = (program, calls, take) => async () => {
    const all = program.name === 'blank' || (await program.collector.has(calls, DELIVERY_MS))
    await pause(SETTLE_MS)
    take(all ? await program.cpuMs() : Number.NaN)
  }

  await each(async (program, is) => {
    const page = await program.cpuMs()
    await program.insert()
    await pause(SETTLE_MS)
    is.load = await program.cpuMs()
    is.loadMs = is.load - page
    await program.page.evaluate((count) => measure.calls(count), LOAD_EVENTS)
    return untilDelivered(program, LOAD_EVENTS, (ms) => {
      is.delivered = ms
      is.deliveredMs = ms - page
    })
  })

  const some = LOAD_EVENTS + BLOCKS * BLOCK_EVENTS + SINGLES
  await each(async (program, is) => {
    const start = await program.cpuMs()
    const blocks = await program.page.evaluate(([count, size]) => measure.blocks(count, size), [BLOCKS, BLOCK_EVENTS])
    is.callUs = median(blocks)
    is.p99Us = quantile(await program.page.evaluate((count) => measure.blocks(count, 1), SINGLES), 0.99)
    if (throttle > 1) return
    return untilDelivered(program, some, (ms) => {
      is.eventUs = ((ms - start) * 1000) / (some - LOAD_EVENTS)
    })
  })

  await each(async (program, is) => {
    if (throttle > 1) {
      is.loop = await program.page.evaluate(([count, ms]) => measure.loop(count, ms), [LOOP_EVENTS, LOOP_MS])
      return
    }
    program.collector.set('hold')
    await program.page.evaluate(() => measure.calls(10))
    const few = median(await program.page.evaluate((size) => measure.blocks(4, size), 10))
    const called = await program.page.evaluate(([count, ms]) => measure.calls(count, ms), [FULL_EVENTS - 50, LOOP_MS])
    const many = median(await program.page.evaluate((size) => measure.blocks(4, size), 10))
    is.backlog = many / few
    const start = await program.cpuMs()
    program.collector.set('answer')
    return untilDelivered(program, some + called + 90, (ms) => {
      is.flush = ms - start
    })
  })

  for (const program of programs) await program.close()
  return found
}

function sectionsOf(names, throttle, rounds) {
  const at = (name, field) => rounds.map((found) => found[name][field])
  const against = (name, field) => ratios(at(name, field), at('floor', field))
  const call = { call: 'one track(), × the floor', callUs: 'one track(), µs', p99Us: 'p99, µs' }
  const cpu = {
    title: `At ${throttle}×, ${rounds.length} rounds`,
    columns:
      throttle > 1
        ? { program: 'program', ...call }
        : {
            program: 'program',
            load: 'CPU of the page with it loaded, × the floor',
            loadMs: 'of this its own, ms',
            delivered: 'with 100 events delivered, × the floor',
            deliveredMs: 'of this its own, ms',
            ...call,
            event: `CPU for ${(BLOCKS * BLOCK_EVENTS + SINGLES).toLocaleString('en-US')} events with delivery, × the floor`,
            eventUs: 'for one of these, µs',
            flush: 'CPU to send 1,000 waiting, ms',
            backlog: 'track() at 1,000 waiting ÷ at 10',
          },
    rows: names.map((name) => {
      const row = { program: name, call: against(name, 'callUs'), callUs: summary(at(name, 'callUs')) }
      row.p99Us = summary(at(name, 'p99Us'))
      if (throttle > 1) return row
      for (const field of ['load', 'delivered']) row[field] = against(name, field)
      for (const field of ['loadMs', 'deliveredMs', 'eventUs', 'flush', 'backlog'])
        row[field] = summary(at(name, field))
      return { ...row, event: against(name, 'eventUs') }
    }),
  }
  if (throttle === 1) return [cpu]
  const loop = {
    title: `Up to ${LOOP_EVENTS.toLocaleString('en-US')} calls within ${LOOP_MS / 1000} s in tasks of ten, at ${throttle}×`,
    columns: {
      program: 'program',
      calls: 'calls made',
      longTasks: 'tasks over 50 ms',
      longestMs: 'longest of them, ms',
    },
    rows: names.map((name) => {
      const runs = (field) => at(name, 'loop').map((one) => one[field])
      return {
        program: name,
        calls: summary(runs('calls')),
        longTasks: summary(runs('longTasks')),
        longestMs: summary(runs('longestMs')),
      }
    }),
  }
  return [cpu, loop]
}
