/** Time, chance and ids: everything that is not the same twice, as one parameter. */
export interface Clock {
  /** Wall time in ms since 1970. It may jump in both directions. */
  now(): number
  /** At least 0, less than 1. */
  random(): number
  /** A UUID, version 4. */
  id(): string
}

export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  // By getRandomValues, because crypto.randomUUID is missing on plain http:
  // https://developer.mozilla.org/docs/Web/API/Crypto/randomUUID
  id: () =>
    '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit) =>
      (+digit ^ (crypto.getRandomValues(new Uint8Array(1))[0]! & (15 >> (+digit / 4)))).toString(16),
    ),
}
