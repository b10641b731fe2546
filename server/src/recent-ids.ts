/** Ids of one generation: two of them are some 20 MB. */
const GENERATION_IDS = 50_000

/**
 * Ids of events that were taken a short while ago: the newest 50,000 at least. What it knows was taken; what it does not
 * know may have been taken too, and the store decides.
 */
export function createRecentIds(generationIds = GENERATION_IDS) {
  // A set of each workspace: an id with the workspace before it would be a new string to hash at every look.
  let newer = new Map<string, Set<string>>()
  let older = newer
  let size = 0
  return {
    has: (workspace: string, id: string) =>
      newer.get(workspace)?.has(id) === true || older.get(workspace)?.has(id) === true,
    /** Only what is durable may be added: what is known is answered as taken. */
    add(workspace: string, ids: ReadonlySet<string>): void {
      const known = newer.get(workspace) ?? new Set()
      newer.set(workspace, known)
      for (const id of ids) known.add(id)
      size += ids.size
      if (size < generationIds) return
      older = newer
      newer = new Map()
      size = 0
    },
  }
}

export type RecentIds = ReturnType<typeof createRecentIds>
