import { setTimeout as sleep } from 'node:timers/promises'
import { expect, open, send, test, track } from '../page/opened.ts'

/** An hour at 100 events a second, in as long as 1,200 a second take. */
const EVENTS = 360_000
const PER_SECOND = 1200
const BATCH = 120
const EVERY_MS = (BATCH / PER_SECOND) * 1000
const SAMPLES = 6

test('the live page goes on through the events of an hour and a lost connection, in memory that stays', async ({
  ingest,
  page,
  context,
}) => {
  await open(page, ingest, 'live')
  const cdp = await context.newCDPSession(page)
  const heapMb = async () => {
    await cdp.send('HeapProfiler.collectGarbage')
    return (await cdp.send('Runtime.getHeapUsage')).usedSize / 1e6
  }

  const serverMb = async () => {
    const headers = { authorization: `Bearer ${ingest.adminToken}` }
    const metrics = await (await fetch(`${ingest.url}/metrics`, { headers })).text()
    return Number(/^airhop_memory_bytes (\S+)/m.exec(metrics)![1]) / 1e6
  }

  const heaps: number[] = []
  const servers: number[] = []
  const startMs = Date.now()
  for (let sent = 0; sent < EVENTS; sent += BATCH) {
    const dueMs = startMs + (sent / BATCH) * EVERY_MS
    if (dueMs > Date.now()) await sleep(dueMs - Date.now())
    const timestamp = new Date().toISOString()
    const calls = Array.from({ length: BATCH }, (_, n) =>
      track(`event_${(sent + n) % 50}`, { userId: `u_${(sent + n) % 5000}`, timestamp, properties: { n: sent + n } }),
    )
    expect((await send(ingest, calls)).status).toBe(200)
    if (sent === EVENTS / 2) await context.setOffline(true)
    if (sent === EVENTS / 2 + 20 * BATCH) await context.setOffline(false)
    if ((sent / BATCH) % (EVENTS / BATCH / SAMPLES) === 0) {
      heaps.push(await heapMb())
      servers.push(await serverMb())
    }
  }
  await send(ingest, [track('the_last')])
  await expect(page.getByTestId('event').first()).toContainText('the_last', { timeout: 30_000 })
  heaps.push(await heapMb())
  servers.push(await serverMb())
  const list = (sizes: number[]) => sizes.map((mb) => mb.toFixed(1)).join(', ')
  console.log(`MB, the heap of the page: ${list(heaps)}; memory of the server: ${list(servers)}.`)
  expect(await page.getByTestId('event').count()).toBeLessThanOrEqual(300)
  // The first is of an empty page.
  expect(heaps.at(-1)).toBeLessThan(heaps[1]! * 1.2 + 1)
  // Its caches of the file fill up to 64 MB each.
  expect(servers.at(-1)).toBeLessThan(servers[1]! * 1.3 + 200)
})
