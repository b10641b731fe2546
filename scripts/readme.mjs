// `npm run readme`: writes what can be measured into the documents: the size of dist/airhop.js and the built stub into the
// README and the stub into the example, where a test looks for them, and what each part costs into docs/size.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { basename } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

const at = (path) => new URL(`../${path}`, import.meta.url)
const read = (path) => readFileSync(at(path), 'utf8')
const brotliBytes = (text) => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length
const number = (value) => value.toLocaleString('en-US')

const file = read('dist/airhop.js')
const all = brotliBytes(file)

const stub = read('dist/snippet.js').trim()
const readme = read('README.md')
  .replace(/is \S+ bytes brotli/g, () => `is ${number(all)} bytes brotli`)
  // The first inline script is the stub.
  .replace(/<script>.*?<\/script>/, () => `<script>${stub}</script>`)
writeFileSync(at('README.md'), readme)
for (const page of ['index', 'pricing']) {
  const path = `examples/script-tag/${page}.html`
  const marked = /(?<=<script>\/\* airhop stub \*\/ ).*?(?=<\/script>)/
  writeFileSync(
    at(path),
    read(path).replace(marked, () => stub),
  )
}

// A part costs by how much the file gets smaller without the characters that the source map says are its own.
const map = new SourceMap(JSON.parse(read('dist/airhop.js.map')))
const [code] = file.split('\n')
const parts = [...code].map((_, column) => basename(map.findEntry(0, column).originalSource ?? ''))
const rows = [...new Set(parts)]
  .filter(Boolean)
  .map((part) => {
    const without = [...code].filter((_, column) => parts[column] !== part).join('')
    return [part, brotliBytes(code) - brotliBytes(without)]
  })
  .sort(([, one], [, other]) => other - one)
  .map(([part, bytes]) => `| [${part}](../src/${part}) | ${number(bytes)} |`)
const size = read('docs/size.md').replace(
  /\| part \|[\s\S]*?\n\n/,
  () => `| part | bytes |\n|---|--:|\n${rows.join('\n')}\n| **the whole file** | **${number(all)}** |\n\n`,
)
writeFileSync(at('docs/size.md'), size)
