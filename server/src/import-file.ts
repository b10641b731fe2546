import { createHash } from 'node:crypto'
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { PassThrough, type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { CannotStart } from './cannot-start.ts'

/** What is read at a time; also of each end of a file, to know it again. */
const PART_BYTES = 64 * 1024
const READ_BYTES = 1024 * 1024

/** A file of lines, plain or gzip; `-` is the standard input. */
export interface ImportFile {
  /** The same for the same content; undefined where it cannot be known before the end. */
  fingerprint: string | undefined
  /** 0 if it is not known. */
  bytes: number
  /** How many of those bytes were read. */
  bytesRead(): number
  /** The lines, many at a time. Throws `CannotStart` where the file breaks off. */
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
    const part = Buffer.alloc(PART_BYTES)
    const hash = createHash('sha256').update(`${stat.size}\n`)
    for (const from of [0, Math.max(0, stat.size - PART_BYTES)]) {
      hash.update(part.subarray(0, readSync(file, part, 0, PART_BYTES, from)))
    }
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
  let rest = ''
  for await (const part of input) {
    const lines = (rest + decoder.decode(part as Buffer, { stream: true })).split('\n')
    rest = lines.pop()!
    if (lines.length > 0) yield lines
  }
  rest += decoder.decode()
  if (rest !== '') yield [rest]
}
