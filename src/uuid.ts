/** A UUID, version 4. By getRandomValues, because crypto.randomUUID is missing on plain http: https://developer.mozilla.org/docs/Web/API/Crypto/randomUUID */
export const uuid = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(36))
  return '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit, place) =>
    (+digit ^ (bytes[place]! & (15 >> (+digit / 4)))).toString(16),
  )
}
