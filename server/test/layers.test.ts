import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** From the entries down to what knows nothing of a server. A file may import only from lines below its own. */
const LAYERS = [
  ['main.ts'],
  ['program.ts'],
  ['server.ts', 'commands.ts'],
  ['app.ts', 'worker-thread.ts', 'reader-thread.ts', 'config.ts', 'keys-file.ts', 'data-folder.ts'],
  ['page-api.ts', 'page-files.ts'],
  ['metrics.ts'],
  ['live.ts'],
  ['hogsend-api.ts'],
  [
    'admission.ts',
    'answers.ts',
    'counts-api.ts',
    'cors.ts',
    'ingest.ts',
    'people-api.ts',
    'quarantine.ts',
    'read-api.ts',
    'health.ts',
    'script-file.ts',
    'worker.ts',
    'import.ts',
    'rebuild.ts',
    'retention.ts',
    'progress.ts',
  ],
  ['meter.ts', 'sightings.ts'],
  ['doors.ts', 'config-file.ts'],
  [
    'auth.ts',
    'orders.ts',
    'parameters.ts',
    'processing.ts',
    'reader.ts',
    'recent-ids.ts',
    'refusal-log.ts',
    'replay.ts',
  ],
  ['rules.ts', 'contract-file.ts', 'stored-event.ts', 'catalogue-warnings.ts'],
  ['sources/readers.ts'],
  ['sources/segment.ts', 'sources/signalsmith.ts'],
  ['sources/posthog.ts', 'sources/intercom.ts', 'sources/hyperengage.ts', 'sources/churnkey.ts', 'sources/hogsend.ts'],
  [
    'body.ts',
    'sources/native.ts',
    'canonical.ts',
    'contract.ts',
    'import-file.ts',
    'log/sqlite.ts',
    'store/sqlite.ts',
    'store/rebuilding.ts',
  ],
  ['store/page-queries.ts'],
  ['store/queries.ts', 'store/removal.ts'],
  ['store/people.ts', 'store/profiles.ts', 'store/counts.ts'],
  ['store/search-terms.ts'],
  [
    'sources/delivery.ts',
    'sources/reading.ts',
    'log/ledger.ts',
    'log/entries-table.ts',
    'log/failure.ts',
    'schema-sentence.ts',
    'store/schema.ts',
    'store/dedup.ts',
    'store/quarantine.ts',
    'store/losses.ts',
    'store/lookup.ts',
    'store/funnel.ts',
    'store/traits.ts',
    'store/catalogue.ts',
    'cannot-start.ts',
  ],
  ['store/ownership.ts', 'store/event-json.ts', 'store/days.ts', 'store/tallies.ts', 'domains.ts', 'thread.ts'],
  ['store/port.ts'],
  ['store/page-port.ts'],
  ['store/queries-port.ts'],
  ['store/changes.ts'],
  ['bots.ts', 'check.ts', 'sqlite.ts', 'time.ts'],
  ['log/port.ts', 'json-size.ts', 'sources/lz-string.ts'],
  ['errors.ts', 'signature.ts', 'sources/limits.ts'],
  ['../../src/limits.ts', '../../src/wire.ts'],
]

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url))
const IMPORT = /\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.split(sep).join('/'))

const layerOf = (file: string) => LAYERS.findIndex((layer) => layer.includes(file))

test('every file has its layer', () => {
  expect(files.filter((file) => layerOf(file) === -1)).toEqual([])
})

function importsOf(file: string): string[] {
  const text = readFileSync(join(SOURCE, file), 'utf8')
  return [...text.matchAll(IMPORT)].map(([, path]) =>
    relative(SOURCE, join(SOURCE, dirname(file), path!))
      .split(sep)
      .join('/'),
  )
}

const importsWhere = (isWrong: (path: string, file: string) => boolean) =>
  files.flatMap((file) =>
    importsOf(file)
      .filter((path) => isWrong(path, file))
      .map((path) => `${file} imports ${path}`),
  )

test('imports go strictly down', () => {
  expect(importsWhere((path, file) => layerOf(path) <= layerOf(file))).toEqual([])
})

test('CONTRIBUTING names every file, in the same order', () => {
  const page = readFileSync(join(SOURCE, '../../CONTRIBUTING.md'), 'utf8')
  const lines = /^The server:\n\n((?:\d.*\n)+)/m.exec(page)![1]!.split('\n')
  const lineOf = (file: string) => lines.findIndex((line) => line.includes(`\`${file.replace(/\.ts$/, '')}\``))
  expect(files.filter((file) => lineOf(file) === -1)).toEqual([])
  expect(importsWhere((path, file) => files.includes(path) && lineOf(path) < lineOf(file))).toEqual([])
})
