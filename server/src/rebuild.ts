import type { CanonicalEvent } from './canonical.ts'
import { needsRebuild, rebuild } from './store/rebuilding.ts'
import { toStoredEvent } from './stored-event.ts'

/** Told how much of how much is done. */
export type OnProgress = (done: number, total: number) => void

const read = (workspace: string, json: string) => {
  const event = JSON.parse(json) as CanonicalEvent
  const receivedAtMs = Date.parse(event.receivedAt)
  return toStoredEvent(event, { workspace, receivedAtMs, idGenerated: false }, json)
}

/** Makes people, accounts and counts of a store anew from its events. */
export const rebuildPeople = (file: string, onProgress: OnProgress): void => rebuild(file, { read, onProgress }, true)

/** Goes on where an upgrade or a rebuild was interrupted; does nothing where none was. */
export function finishRebuild(file: string, onProgress: OnProgress): void {
  if (needsRebuild(file)) rebuild(file, { read, onProgress }, false)
}
