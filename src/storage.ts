/**
 * localStorage that never throws. Cookies switched off, a sandboxed iframe or a data: URL make the very getter throw;
 * a full quota makes writing throw. Whoever is told undefined goes on in memory.
 */
const attempt = <T>(action: () => T): T | undefined => {
  try {
    return action()
  } catch {
    return
  }
}

export const read = (key: string) => attempt(() => localStorage.getItem(key))
/** True if it is written. */
export const write = (key: string, value: string) =>
  attempt(() => {
    localStorage.setItem(key, value)
    return true
  })
export const remove = (key: string) => attempt(() => localStorage.removeItem(key))
/** All keys that begin so, in order as text. */
export const keysOf = (prefix: string): string[] =>
  (attempt(() => Object.keys(localStorage)) || []).filter((key) => key.startsWith(prefix)).sort()
