/** Days are those of UTC; none of them is longer or shorter. */
export const DAY_MS = 86_400_000

export const dayOf = (ms: number): number => Math.floor(ms / DAY_MS)

/** `2026-11-21` of a number of days since the epoch. */
export const isoDay = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)
