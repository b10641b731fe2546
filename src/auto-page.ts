import type { Extension } from './extension.ts'
import { TITLE_WAIT_STEP_MS, TITLE_WAIT_STEPS } from './limits.ts'
import { describeCampaign, describePage, redact } from './page.ts'
import { attempt } from './storage.ts'

/** What is known of a navigation: a PageTransitionEvent, a PopStateEvent, or a NavigationCurrentEntryChangeEvent. */
interface Change extends Partial<Event> {
  persisted?: boolean
  navigationType?: string | null
}

/**
 * One page call for each real navigation: first load, history changes, restored from the back/forward cache, activation
 * of a prerendered page. None for a change of the fragment alone, nor for the address that it is already, nor for one
 * that is redirected at once. It is made half a second later, or when the page goes, with the time of the navigation and the title of then.
 */
export const autoPage =
  (): Extension =>
  ({ airhop }) => {
    /** The address now, and the one before the view that waits. */
    let last = ''
    let before = ''
    /** Of the view that waits, or of one that was redirected to it. */
    let campaign: object | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    let tell: (() => void) | undefined
    const end = () => {
      clearTimeout(timer)
      tell?.()
      tell = campaign = undefined
    }
    const wait = (steps: number) => {
      clearTimeout(timer)
      timer = setTimeout(steps ? wait : end, TITLE_WAIT_STEP_MS, steps - 1)
    }

    const look = ({ persisted, navigationType }: Change) => {
      const url = location.href.split('#')[0]!
      if ((url === last && !persisted) || document.prerendering) return
      // A redirect takes the place of the view that it redirects.
      if (navigationType !== 'replace' || !tell) {
        end()
        before = persisted ? '' : last
      }
      last = url
      if (airhop.optedOut()) return
      const timestamp = new Date()
      const referrer = redact(before || document.referrer)
      const at = new URL(url)
      // Many apps take utm_* off the address as soon as they start.
      campaign = describeCampaign(redact(at.search)) || campaign
      // Routers set the title and the canonical link later.
      tell = () => airhop.page({ ...describePage(at), referrer }, { timestamp, context: { campaign } })
      wait(TITLE_WAIT_STEPS)
    }

    // Tells of all of it: https://developer.mozilla.org/docs/Web/API/Navigation/currententrychange_event
    const { navigation } = window as { navigation?: EventTarget }
    if (navigation) navigation.addEventListener('currententrychange', look)
    else {
      for (const navigationType of ['push', 'replace'] as const) {
        const method = `${navigationType}State` as const
        const original = history[method]
        // Frozen by the page: popstate is left.
        attempt(() => {
          history[method] = (...args) => {
            original.apply(history, args)
            look({ navigationType })
          }
        })
      }
      addEventListener('popstate', look)
    }
    addEventListener('pageshow', look)
    addEventListener('pagehide', end)
    document.addEventListener('prerenderingchange', look)
    look({})
  }
