/** What the user agents of crawlers, checkers, previews and driven browsers say of themselves. Cubot makes phones. */
const BOT =
  /(?<!cu)bot(?![a-z])|crawl|spider|slurp|headless|lighthouse|pagespeed|phantomjs|facebookexternalhit|bingpreview|pingdom|google-|mediapartners-/i

/** Whether an event is of a program and not of a person, as far as its user agent says so. */
export function isBot({ context }: { context?: Record<string, unknown> }): boolean {
  const userAgent = context?.userAgent
  return typeof userAgent === 'string' && BOT.test(userAgent)
}
