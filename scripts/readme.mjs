// `npm run readme`: writes the size of dist/airhop.js and the built stub into the README, where a test looks for them.
import { readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, constants } from 'node:zlib'

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url))
const { length } = brotliCompressSync(read('dist/airhop.js'), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
const stub = read('dist/snippet.js').toString().trim()

const readme = read('README.md')
  .toString()
  .replace(/is \S+ bytes brotli/g, () => `is ${length.toLocaleString('en-US')} bytes brotli`)
  // The first inline script is the stub.
  .replace(/<script>.*?<\/script>/, () => `<script>${stub}</script>`)
writeFileSync(new URL('../README.md', import.meta.url), readme)
