import type { Extension } from './extension.ts'
import { TITLE_WAIT_MS } from './limits.ts'
import { describePage, redact } from './page.ts'

/** What is known of a navigation: a PageTransitionEvent, a PopStateEvent, or a NavigationCurrentEntryChangeEvent. */
interface Change extends Partial<Event> {
  persisted?: boolean
  navigationType?: string | null
}

/**
 * One page call for each real navigation: first load, history changes, restored from the back/forward cache, activation
 * of a prerendered page. None for a change of the fragment alone, nor for the address that it is already.
 */
export const autoPage =
  (): Extension =>
  ({ airhop }) => {
    let last = ''
    let timer: ReturnType<typeof setTimeout> | undefined
    let tell: (() => void) | undefined
    const end = () => {
      clearTimeout(timer)
      tell?.()
      tell = undefined
    }

    const look = ({ persisted, navigationType }: Change) => {
      const url = location.href.split('#')[0]!
      if ((url === last && !persisted) || document.prerendering) return
      // A redirect takes the place of the view that it redirects.
      if (navigationType === 'replace') tell = undefined
      end()
      const view = describePage()
      if (last && !persisted) view.referrer = redact(last)
      const timestamp = new Date()
      // As it was then, but for the title, which routers set later.
      tell = () => airhop.page({ ...view, title: document.title }, { timestamp })
      if (last) timer = setTimeout(end, TITLE_WAIT_MS)
      else end()
      last = url
    }

    // Tells of all of it: https://developer.mozilla.org/docs/Web/API/Navigation/currententrychange_event
    const { navigation } = window as { navigation?: EventTarget }
    if (navigation) navigation.addEventListener('currententrychange', look)
    else {
      for (const [method, navigationType] of [
        ['pushState', 'push'],
        ['replaceState', 'replace'],
      ] as const) {
        const original = history[method]
        history[method] = function (...args) {
          original.apply(this, args)
          look({ navigationType })
        }
      }
      addEventListener('popstate', look)
    }
    addEventListener('pageshow', look)
    addEventListener('pagehide', end)
    document.addEventListener('prerenderingchange', look)
    look({})
  }
