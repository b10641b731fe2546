/** Ids of one generation: two of them are some 20 MB. */
const GENERATION_IDS = 50_000

/**
 * Ids of events that were taken a short while ago: the newest 50,000 at least. What it knows was taken; what it does not
 * know may have been taken too, and the store decides.
 */
export function createRecentIds(generationIds = GENERATION_IDS) {
  let newer = new Set<string>()
  let older = new Set<string>()
  return {
    has: (id: string) => newer.has(id) || older.has(id),
    /** Only what is durable may be added: what is known is answered as taken. */
    add(id: string): void {
      newer.add(id)
      if (newer.size < generationIds) return
      older = newer
      newer = new Set()
    },
  }
}

export type RecentIds = ReturnType<typeof createRecentIds>
