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

export const read = (key: string): string | undefined => attempt(() => localStorage[key])
/** What was written, if it was. */
export const write = (key: string, value: string): string | undefined => attempt(() => (localStorage[key] = value))
export const remove = (key: string) => attempt(() => delete localStorage[key])
/** What follows the prefix in all keys that begin with it, in order as text. */
export const namesOf = (prefix: string): string[] =>
  (attempt(() => Object.keys(localStorage)) || [])
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length))
    .sort()
