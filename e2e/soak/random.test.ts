import { test } from '../delivery.ts'
import { randomRun } from '../random-run.ts'

test('a random mix of faults and of what users do, for ten minutes, ends with stored = tracked - counted losses', async ({
  faults,
  ingest,
  shop,
}) => {
  await randomRun({ faults, ingest, shop }, { forMs: 10 * 60_000 })
})
