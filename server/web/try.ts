/** A page of its own, in a frame: it loads the real airhop.js and sends one event, and says what became of it. */

const parameters = new URLSearchParams(location.search)

export interface TryOutcome {
  airhopTry: true
  /** `stored`, `rejected`, `dropped`, `saved` of the SDK; or what kept it from running. */
  status: string
  reason?: string
  messageId?: string
}

const tell = (outcome: Omit<TryOutcome, 'airhopTry'>) =>
  parent.postMessage({ airhopTry: true, ...outcome } satisfies TryOutcome, location.origin)

document.addEventListener('securitypolicyviolation', ({ blockedURI, effectiveDirective }) =>
  tell({ status: 'csp', reason: `${effectiveDirective} blocks ${blockedURI}` }),
)

interface Sdk {
  track(event: string, properties: object): Promise<{ status: string; reason?: string; messageId: string }>
  flush(): Promise<number>
}

const address = new URL('../airhop.js', location.href).href
// Trusted Types: the only address that becomes a script here is this server's own.
const types = (
  window as unknown as {
    trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } }
  }
).trustedTypes
const policy = types?.createPolicy('airhop-try', { createScriptURL: () => address })

const script = document.createElement('script')
script.src = policy?.createScriptURL(address) ?? address
// So that the server knows it for its own page, and not for one that loads the SDK and says nothing.
script.referrerPolicy = 'origin'
script.dataset.key = parameters.get('key') ?? ''
script.onerror = () => tell({ status: 'script_blocked' })
script.onload = async () => {
  const { airhop } = window as unknown as { airhop: Sdk }
  const sent = airhop.track('test_event', { sent_from: 'live page' })
  void airhop.flush()
  tell(await sent)
}
document.head.append(script)
