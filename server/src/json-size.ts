/** A UTF-16 unit takes at most this much in JSON as UTF-8: a control character or a lone surrogate is `\u0000`. */
const UNIT_MAX_BYTES = 6

/** The longest that JSON.stringify makes of a number: `-1.7976931348623157e+308`. */
const NUMBER_MAX_BYTES = 24

/**
 * Whether a parsed JSON value is nested deeper than `maxLevels` (`'levels'`), or longer than `maxBytes` as JSON in UTF-8
 * (then its bytes); `undefined` if neither. Ordinary events cost one walk over the lengths of their strings: only what
 * could be too long by that is really written out.
 */
export function excessOf(value: unknown, maxBytes: number, maxLevels: number): 'levels' | number | undefined {
  if (spend(value, maxBytes, maxLevels) >= 0) return undefined
  if (isDeeper(value, maxLevels)) return 'levels'
  const bytes = Buffer.byteLength(JSON.stringify(value))
  return bytes > maxBytes ? bytes : undefined
}

/** What is left of `budgetBytes` if all of `value` were as long as it can be; stops once it is negative. */
function spend(value: unknown, budgetBytes: number, levels: number): number {
  if (typeof value === 'string') return budgetBytes - 2 - value.length * UNIT_MAX_BYTES
  if (typeof value === 'number') return budgetBytes - NUMBER_MAX_BYTES
  if (typeof value !== 'object' || value === null) return budgetBytes - 'false'.length
  if (levels === 0) return -1

  let left = budgetBytes - 2
  if (Array.isArray(value)) {
    for (const item of value) {
      left = spend(item, left - 1, levels - 1)
      if (left < 0) return left
    }
    return left
  }
  const fields = value as Record<string, unknown>
  for (const key in fields) {
    left = spend(fields[key], left - 4 - key.length * UNIT_MAX_BYTES, levels - 1)
    if (left < 0) return left
  }
  return left
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  const fields = value as Record<string, unknown>
  for (const key in fields) if (isDeeper(fields[key], levels - 1)) return true
  return false
}
