/**
 * localStorage that never throws. Cookies switched off, a sandboxed iframe or a data: URL make the very getter throw;
 * a full quota makes writing throw. Reading then finds nothing, and writing says that it failed.
 */
export interface Storage {
  get(key: string): string | null
  /** False: not written; what was there before is still there. */
  set(key: string, value: string): boolean
  remove(key: string): void
  keys(): string[]
}

const attempt = <T>(action: () => T, otherwise: T): T => {
  try {
    return action()
  } catch {
    // Forbidden or full: each caller goes on in memory.
    return otherwise
  }
}

export const openStorage = (): Storage => ({
  get: (key) => attempt(() => localStorage.getItem(key), null),
  set: (key, value) => attempt(() => localStorage.setItem(key, value) === undefined, false),
  remove: (key) => attempt(() => localStorage.removeItem(key), undefined),
  keys: () => attempt(() => Object.keys(localStorage), []),
})

/** Where there is nothing to keep: no document, or no valid key. */
export const noStorage: Storage = { get: () => null, set: () => false, remove() {}, keys: () => [] }

/** One value of a storage that all tabs read, with memory in its place while the storage can't keep it. */
export interface Cell {
  read(): string | null
  write(value: string): void
}

export const openCell = (storage: Storage, key: string): Cell => {
  let last: string | null = null
  let kept = true
  return {
    read: () => (kept && storage.get(key)) || last,
    write(value) {
      last = value
      kept = storage.set(key, value)
    },
  }
}
