import { createHash } from 'node:crypto'
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { PassThrough, type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { REQUEST_MAX_BYTES } from '../../src/limits.ts'
import { CannotStart } from './cannot-start.ts'

/** What is read at a time. */
const READ_BYTES = 1024 * 1024

/** Four times a whole request. More of a line is not kept: it is no event, and a text has its limit. */
export const LINE_MAX_CHARS = 4 * REQUEST_MAX_BYTES

/** A file of lines, plain or gzip; `-` is the standard input. */
export interface ImportFile {
  /** The same for the same content; undefined where it cannot be known before the end. */
  fingerprint: string | undefined
  /** 0 if it is not known. */
  bytes: number
  /** How many of those bytes were read. */
  bytesRead(): number
  /** The lines, many at a time, cut where they are over `LINE_MAX_CHARS`. Throws `CannotStart` where the file breaks off. */
  lines(): AsyncGenerator<string[], void, undefined>
}

/** Throws `CannotStart` if there is no such file. */
export function openImportFile(name: string): ImportFile {
  const { fingerprint, bytes } = name === '-' ? { fingerprint: undefined, bytes: 0 } : know(name)
  const open = (): Readable => (name === '-' ? process.stdin : createReadStream(name, { highWaterMark: READ_BYTES }))
  let bytesRead = 0
  return {
    fingerprint,
    bytes,
    bytesRead: () => bytesRead,
    async *lines() {
      const count = new Transform({
        transform(part: Buffer, _encoding, done) {
          bytesRead += part.length
          done(null, part)
        },
      })
      const text = new PassThrough()
      const piped = decompressed(open(), count, text)
      // Awaited below; what fails before is told by the iteration.
      piped.catch(() => undefined)
      let lines = 0
      try {
        for await (const some of linesOf(text)) {
          yield some
          lines += some.length
        }
        await piped
      } catch (error) {
        const what = name === '-' ? 'The standard input' : name
        throw new CannotStart([
          `${what} cannot be read past line ${lines}: ${(error as Error).message}. Import it again when it is whole: nothing is stored twice.`,
        ])
      }
    },
  }
}

function know(name: string): { fingerprint: string; bytes: number } {
  let file: number | undefined
  try {
    file = openSync(name, 'r')
    const stat = fstatSync(file)
    if (!stat.isFile()) throw new Error('it is not a file')
    // All of it: what was mended in the middle is another file, even if it is as long. A GiB takes a second.
    const part = Buffer.alloc(READ_BYTES)
    const hash = createHash('sha256')
    for (let read = readSync(file, part); read > 0; read = readSync(file, part)) hash.update(part.subarray(0, read))
    return { fingerprint: hash.digest('hex'), bytes: stat.size }
  } catch (error) {
    throw new CannotStart([`${name} cannot be read: ${(error as Error).message}.`])
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Gzip is known by its first two bytes. */
async function decompressed(input: Readable, count: Transform, text: PassThrough): Promise<void> {
  const first = await new Promise<Buffer | null>((resolve, reject) => {
    input.once('error', reject)
    input.once('end', () => resolve(null))
    input.once('readable', () => resolve(input.read() as Buffer | null))
  }).catch((error: Error) => {
    text.destroy(error)
    throw error
  })
  if (first === null) {
    text.end()
    return
  }
  input.unshift(first)
  const isGzip = first[0] === 0x1f && first[1] === 0x8b
  await (isGzip ? pipeline(input, count, createGunzip({ chunkSize: READ_BYTES }), text) : pipeline(input, count, text))
}

async function* linesOf(input: Readable): AsyncGenerator<string[], void, undefined> {
  const decoder = new TextDecoder()
  // The line that has not ended yet, in parts: as one text it would be looked through again with each part.
  let begun: string[] = []
  let chars = 0
  const begin = (part: string) => {
    if (part === '' || chars > LINE_MAX_CHARS) return
    begun.push(part)
    chars += part.length
  }
  const end = (): string => {
    const line = begun.join('').slice(0, LINE_MAX_CHARS + 1)
    begun = []
    chars = 0
    return line
  }
  for await (const part of input) {
    const [first, ...others] = decoder.decode(part as Buffer, { stream: true }).split('\n')
    begin(first!)
    if (others.length === 0) continue
    const last = others.pop()!
    yield [end(), ...others]
    begin(last)
  }
  begin(decoder.decode())
  if (chars > 0) yield [end()]
}
