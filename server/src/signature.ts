import { createHmac, timingSafeEqual } from 'node:crypto'

const HEX = /^[0-9a-f]*$/i

type Algorithm = 'sha1' | 'sha256'

/** The HMAC of a text (as UTF-8) by a secret. */
export const digestOf = (secret: string, signed: Buffer | string, algorithm: Algorithm): Buffer =>
  createHmac(algorithm, secret).update(signed).digest()

/** Whether `hex` is that HMAC. */
export const isSignedBy = (hex: unknown, secret: string, signed: Buffer | string, algorithm: Algorithm): boolean =>
  isDigest(hex, digestOf(secret, signed, algorithm))

/** Whether `hex` is a digest. What is none in hex is not; every digest takes the same time. */
export function isDigest(hex: unknown, expected: Buffer): boolean {
  if (typeof hex !== 'string' || hex.length !== 2 * expected.length || !HEX.test(hex)) return false
  return timingSafeEqual(Buffer.from(hex, 'hex'), expected)
}
