// Bytes of airhop.js and of small user programs on the npm entry, against the peers.
import { readFileSync } from 'node:fs'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { bundle, PROGRAMS, versionOf } from './bundles.mjs'
import { report } from './report.mjs'
import { round } from './statistics.mjs'

const brotliBytes = (data) => brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length
const gzipBytes = (data) => gzipSync(data, { level: 9 }).length
const sum = (values) => values.reduce((total, value) => total + value, 0)

const measure = (parts, later = []) => ({
  raw: sum(parts.map((part) => part.length)),
  gzip: sum(parts.map(gzipBytes)),
  brotli: sum(parts.map(brotliBytes)),
  later: sum(later.map(brotliBytes)),
})

const script = readFileSync(new URL('../dist/airhop.js', import.meta.url))
const rows = [{ program: 'airhop.js, everything', version: versionOf('airhop'), ...measure([script]) }]
const TITLES = { airhop: 'npm: createAirhop alone', 'airhop-everything': 'npm: everything' }
for (const name of ['airhop', 'airhop-everything', ...Object.keys(PROGRAMS).slice(3), 'floor']) {
  const { files, loadedAtStart } = await bundle(name)
  const later = [...files.keys()].filter((file) => !loadedAtStart.has(file))
  const parts = (names) => [...names].map((file) => files.get(file))
  rows.push({
    program: TITLES[name] ?? name,
    version: versionOf(name),
    ...measure(parts(loadedAtStart), parts(later)),
  })
}

report('size', {
  sections: [
    {
      title: 'Bytes',
      columns: {
        program: 'program',
        version: 'version',
        raw: 'minified',
        gzip: 'gzip',
        brotli: 'brotli',
        ratio: 'brotli ÷ airhop.js',
        later: 'in files of their own for later, brotli',
      },
      rows: rows.map((row) => ({ ...row, ratio: round(row.brotli / rows[0].brotli) })),
    },
  ],
})
