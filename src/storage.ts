/**
 * localStorage that never throws. Cookies switched off, a sandboxed iframe or a data: URL make the very getter throw;
 * a full quota makes writing throw. What it doesn't take is held in memory, for the life of the page.
 */
export const attempt = <T>(action: () => T): T | undefined => {
  try {
    return action()
  } catch {
    return
  }
}

const memory: Record<string, string> = {}

/** What was written last: by this page where the browser didn't take it, else by any. */
export const read = (key: string): string | undefined => memory[key] || attempt(() => localStorage[key])
export const write = (key: string, value: string) => {
  attempt(() => {
    localStorage[key] = value
  })
  delete memory[key]
  // Full, forbidden, or what a page or an extension has put in its place, which throws nothing and keeps nothing.
  if (read(key) !== value) {
    // What stood there before may not outlive it: on the next page it would be the last.
    remove(key)
    memory[key] = value
  }
}
export const remove = (key: string) => {
  delete memory[key]
  attempt(() => delete localStorage[key])
}
/** What follows the prefix in all keys that begin with it, in order as text. */
export const namesOf = (prefix: string): string[] =>
  [...Object.keys(memory), ...(attempt(() => Object.keys(localStorage)) || [])]
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length))
    .sort()
