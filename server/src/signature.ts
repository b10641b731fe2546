import { createHmac, timingSafeEqual } from 'node:crypto'

const HEX = /^[0-9a-f]*$/i

/** Whether `hex` is the HMAC of a text (as UTF-8) by a secret. What is no digest in hex is not; every digest takes the same time. */
export function isSignedBy(
  hex: unknown,
  secret: string,
  signed: Buffer | string,
  algorithm: 'sha1' | 'sha256',
): boolean {
  const expected = createHmac(algorithm, secret).update(signed).digest()
  if (typeof hex !== 'string' || hex.length !== 2 * expected.length || !HEX.test(hex)) return false
  return timingSafeEqual(Buffer.from(hex, 'hex'), expected)
}
