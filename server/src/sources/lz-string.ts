import { REQUEST_MAX_BYTES } from '../../../src/limits.ts'
import { refused } from '../errors.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

const SIX_BITS: { readonly [char: string]: number } = Object.fromEntries(
  [...ALPHABET].map((char, value) => [char, value] as const),
)

/** Codes that are no words: a character of so many bits follows, or nothing does. */
const CHARACTER = 0
const WIDE_CHARACTER = 1
const END = 2

/**
 * The text, in UTF-8, that `LZString.compressToBase64` has packed; undefined if it is no such thing. Throws
 * `payload_too_large`: a short one may stand for very much, and the library itself, https://github.com/pieroxy/lz-string,
 * has no bound.
 */
export function unpackLzString(packed: string): Buffer | undefined {
  const text = unpack(packed)
  if (text === undefined) return undefined
  const bytes = Buffer.from(text)
  if (bytes.length > REQUEST_MAX_BYTES) throw refused('payload_too_large', 'body', `${bytes.length}`)
  return bytes
}

function unpack(packed: string): string | undefined {
  const read = bitReader(packed)
  // Each word is the one before with the first character of what follows it; both sides make them as they go.
  const words = ['', '', '']
  const parts: string[] = []
  let chars = 0
  let before = ''
  let width = 2
  let room = 1

  function learn(word: string): number {
    room -= 1
    if (room === 0) {
      room = 2 ** width
      width += 1
    }
    return words.push(word) - 1
  }

  for (;;) {
    let code = read(width)
    if (code === END) return parts.join('')
    if (code === CHARACTER || code === WIDE_CHARACTER) {
      const unit = read(code === CHARACTER ? 8 : 16)
      if (unit === undefined) return undefined
      code = learn(String.fromCharCode(unit))
    }
    if (code === undefined || code > words.length || (code === words.length && before === '')) return undefined
    const word = words[code] ?? before + before[0]
    parts.push(word)
    chars += word.length
    if (chars > REQUEST_MAX_BYTES) throw refused('payload_too_large', 'body', 'more')
    if (before !== '') learn(before + word[0])
    before = word
  }
}

/** Numbers of so many bits, the lowest first, of six a character, the highest first; undefined at the end. */
function bitReader(packed: string) {
  let at = 0
  let six = 0
  let left = 0
  return (bits: number): number | undefined => {
    let number = 0
    for (let place = 0; place < bits; place += 1) {
      if (left === 0) {
        const next = SIX_BITS[packed[at]!]
        if (next === undefined) return undefined
        six = next
        at += 1
        left = 6
      }
      left -= 1
      number |= ((six >> left) & 1) << place
    }
    return number
  }
}
