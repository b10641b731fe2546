import { test } from '../delivery.ts'
import { randomRun } from '../random-run.ts'

test('a random mix of faults and of what users do, for half a minute, ends with stored = tracked - counted losses', async ({
  faults,
  ingest,
  shop,
}) => {
  test.setTimeout(180_000)
  await randomRun({ faults, ingest, shop }, { forMs: 30_000 })
})
