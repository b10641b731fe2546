import { createHmac, timingSafeEqual } from 'node:crypto'

/** Whether `hex` is the HMAC of a text by a secret, compared in the same time whatever it is. */
export function isSignedBy(
  hex: string,
  secret: string,
  signed: Buffer | string,
  algorithm: 'sha1' | 'sha256',
): boolean {
  const expected = createHmac(algorithm, secret).update(signed).digest()
  const said = Buffer.from(hex, 'hex')
  return said.length === expected.length && timingSafeEqual(said, expected)
}
