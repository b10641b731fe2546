/** What happens to the page, as the parts that send need to know it. The only listeners that the SDK has. */
export interface Lifecycle {
  /** Shown: at first (once activated, when prerendered), or again from the back/forward cache. */
  enter(): void
  /** Out of sight, and perhaps never seen again: phones end pages without any further event. */
  hide(): void
  /** The page goes, for ever or into the back/forward cache. */
  leave(): void
  online(): void
}

// Never unload or beforeunload: they cost the back/forward cache, https://web.dev/articles/bfcache#never-use-the-unload-event
export const watchLifecycle = ({ enter, hide, leave, online }: Lifecycle): void => {
  addEventListener('pagehide', leave)
  addEventListener('pageshow', ({ persisted }) => persisted && enter())
  addEventListener('online', online)
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && hide())
  whenShown(enter)
}

/** At once, or when the page is activated: one that is prerendered and never seen has told nothing. */
export const whenShown = (action: () => void): void => {
  if ((document as { prerendering?: boolean }).prerendering)
    document.addEventListener('prerenderingchange', action, { once: true })
  else action()
}
