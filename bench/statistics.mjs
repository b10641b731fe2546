export const quantile = (values, share) => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const below = Math.floor(at)
  return sorted[below] + (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]) * (at - below)
}

export const median = (values) => quantile(values, 0.5)

/** Median, with the smallest and the largest beside it; of no number none. */
export const summary = (values) => {
  const numbers = values.filter(Number.isFinite)
  if (numbers.length === 0) return null
  return { median: round(median(numbers)), min: round(Math.min(...numbers)), max: round(Math.max(...numbers)) }
}

/** To four digits: more would be a claim. */
export const round = (value) => (Number.isFinite(value) ? Number(value.toPrecision(4)) : null)

/** Of each round its own ratio, so that what slows one round down slows both parts of it. */
export const ratios = (values, floors) => summary(values.map((value, round) => value / floors[round]))
