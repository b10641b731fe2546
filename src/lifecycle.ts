/** What happens to the page, as the sender needs to know it. The only listeners that the SDK has. */
export interface Lifecycle {
  /** Shown: once activated when prerendered, or again from the back/forward cache; or another tab has changed the storage. */
  enter(): void
  /** In or out of sight, and perhaps never seen again: phones end pages without any further event. */
  hurry(): void
  /** The page goes, for ever or into the back/forward cache. */
  leave(): void
  online(): void
}

// Never unload or beforeunload: they cost the back/forward cache, https://web.dev/articles/bfcache#never-use-the-unload-event
export const watchLifecycle = ({ enter, hurry, leave, online }: Lifecycle): void => {
  addEventListener('pagehide', leave)
  addEventListener('pageshow', enter)
  addEventListener('storage', enter)
  addEventListener('online', online)
  document.addEventListener('visibilitychange', hurry)
  document.addEventListener('prerenderingchange', enter)
}

declare global {
  interface Document {
    /** https://developer.mozilla.org/docs/Web/API/Document/prerendering */
    readonly prerendering?: boolean
  }
}
