import { vi } from 'vitest'
import { type Airhop, type AirhopOptions, createAirhop } from '../src/index.ts'
import { readBody, type SeenEvent } from './collector.ts'

type Listener = (event: Event) => void

/** One page of the browser that the test's window stands for: what it listens to is its own, the storage is shared. */
export interface Tab {
  airhop: Airhop
  /** Another tab has written to the storage since it was told last. */
  untold: boolean
  shown: boolean
  dispatch(event: Event): void
}

/** Pages of one origin, and a network that answers when the test says so. */
export const openBrowser = (options: Partial<AirhopOptions> = {}, onSent: (events: SeenEvent[]) => void = () => {}) => {
  localStorage.clear()
  // Of pages that are gone.
  vi.clearAllTimers()
  const sent: SeenEvent[] = []
  const requests: { answer(response: Response | undefined): void }[] = []
  const send = (body: string) => {
    const { events } = readBody(body)
    sent.push(...events)
    onSent(events)
    return events.length
  }
  vi.stubGlobal('fetch', (_url: string, { body }: { body: string }) => {
    const received = send(body)
    return new Promise<Response>((resolve, reject) =>
      requests.push({
        answer: (response) =>
          response ? resolve(response.ok ? Response.json({ received }) : response) : reject(new TypeError('offline')),
      }),
    )
  })
  vi.stubGlobal('navigator', { language: 'en', sendBeacon: (_url: string, body: string) => send(body) > 0 })

  const tabs: Tab[] = []
  const open = (): Tab => {
    const listeners: [string, Listener][] = []
    const listen = (type: string, listener: unknown) => void listeners.push([type, listener as Listener])
    const spies = [
      vi.spyOn(globalThis as unknown as EventTarget, 'addEventListener').mockImplementation(listen),
      vi.spyOn(document, 'addEventListener').mockImplementation(listen),
    ]
    delete (window as { __airhop?: unknown }).__airhop
    const airhop = createAirhop({ key: 'wk_tabs_000001', host: 'https://ingest.test', flushMs: 20, ...options })
    for (const spy of spies) spy.mockRestore()
    const dispatch = (event: Event) => {
      for (const [type, listener] of listeners) if (type === event.type) listener(event)
    }
    const tab = { airhop, untold: false, shown: true, dispatch }
    tabs.push(tab)
    return tab
  }

  return {
    tabs,
    sent,
    requests,
    open,
    /** For ever: what it still does afterwards goes nowhere. */
    close(tab: Tab) {
      if (tab.shown) tab.dispatch(new Event('pagehide'))
      tabs.splice(tabs.indexOf(tab), 1)
    },
    /** What `tab` does to the storage reaches the others later. */
    act(tab: Tab, action: (airhop: Airhop) => void) {
      const before = JSON.stringify({ ...localStorage })
      action(tab.airhop)
      if (before !== JSON.stringify({ ...localStorage })) for (const other of tabs) other.untold ||= other !== tab
    },
    tell(tab: Tab) {
      if (tab.untold) tab.dispatch(new StorageEvent('storage'))
      tab.untold = false
    },
    hide(tab: Tab) {
      tab.dispatch(new Event('pagehide'))
      tab.shown = false
    },
    show(tab: Tab) {
      tab.shown = true
      tab.untold = false
      tab.dispatch(new Event('pageshow'))
    },
    async answer(status: number) {
      requests.shift()?.answer(status ? new Response('{}', { status }) : undefined)
      await vi.advanceTimersByTimeAsync(0)
    },
    /** Until nothing is under way: the server takes all, and time goes on for `ms`. */
    async settle(ms: number) {
      for (let passed = 0; passed < ms; passed += 500) {
        await vi.advanceTimersByTimeAsync(500)
        while (requests.length) await this.answer(200)
      }
    },
  }
}

export type Browser = ReturnType<typeof openBrowser>
