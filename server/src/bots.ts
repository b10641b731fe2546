/** A program that is no visitor. */
export interface Bot {
  /** The words of its user agent that say so. */
  reasons: string[]
}

/** No browser says more. */
const AGENT_MAX_CHARS = 1000

/** The visitors of a site have the same few thousand, and events of one batch the same one. */
const KNOWN_MAX = 1000
const known = new Map<string, Bot | undefined>()

/** Names as in https://github.com/monperrus/crawler-user-agents. */
const CRAWLERS = `crawl spider slurp ia_archiver facebookexternalhit facebookcatalog meta-external google- googleother
  apis-google mediapartners feedfetcher bingpreview ahrefs semrush (?:gpt|ai|claude|perplexity)-user anthropic-ai`
/** Of speed and of whether a page is there. */
const CHECKS = `lighthouse page.?speed gtmetrix ptst/ pingdom statuscake uptime site24x7 datadog newrelic checkly catchpoint
  speedcurve synthetic`
/** Browsers that a program drives, and what passes for one. */
const DRIVEN = 'headless phantomjs selenium puppeteer playwright cypress/ prerender rendertron jsdom happydom'

const oneOf = (names: string) => names.trim().split(/\s+/).join('|')

const BOT = new RegExp(
  // Cubot makes phones.
  `[\\w-]{0,20}(?:(?<!cu)bots?(?![a-z])|(?:${oneOf(`${CRAWLERS} ${CHECKS} ${DRIVEN}`)})[a-z]{0,20})|^(?:curl|wget|python|scrapy|go-http-client|java/|libwww)[\\w-]{0,20}`,
  'i',
)

/**
 * Says of a user agent whether a program made what it sent: a crawler, a check, a browser that is driven. Only of those that
 * say so themselves; who wants to pass for a visitor does. A label and no verdict: what to leave out is the reader's affair.
 */
export function botOf(userAgent: unknown): Bot | undefined {
  if (typeof userAgent !== 'string' || userAgent.length > AGENT_MAX_CHARS) return undefined
  if (known.has(userAgent)) return known.get(userAgent)
  const word = BOT.exec(userAgent)?.[0]
  const bot = word === undefined ? undefined : { reasons: [word] }
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(userAgent, bot)
  return bot
}
