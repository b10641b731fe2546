import { expect, test } from 'vitest'
import { startHere, WRITE_KEY } from './server-under-test.ts'

const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko)'

const BOTS: [reason: string, userAgent: string][] = [
  ['Googlebot', 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'],
  [
    'Googlebot',
    `Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) ${CHROME} Chrome/142.0.7444.59 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)`,
  ],
  ['AdsBot', 'AdsBot-Google (+http://www.google.com/adsbot.html)'],
  ['Google-InspectionTool', 'Mozilla/5.0 (compatible; Google-InspectionTool/1.0;)'],
  ['GoogleOther', `Mozilla/5.0 ${CHROME}; compatible; GoogleOther) Chrome/142.0.7444.59 Safari/537.36`],
  ['Mediapartners', 'Mediapartners-Google'],
  ['FeedFetcher', 'FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)'],
  [
    'bingbot',
    `Mozilla/5.0 ${CHROME}; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/136.0.0.0 Safari/537.36`,
  ],
  ['Slurp', 'Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)'],
  ['YandexBot', 'Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)'],
  ['Baiduspider', 'Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)'],
  ['DuckDuckBot', 'DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)'],
  [
    'Applebot',
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)`,
  ],
  ['GPTBot', `Mozilla/5.0 ${CHROME}; compatible; GPTBot/1.2; +https://openai.com/gptbot)`],
  ['ChatGPT-User', `Mozilla/5.0 ${CHROME}; compatible; ChatGPT-User/1.0; +https://openai.com/bot`],
  ['ClaudeBot', `Mozilla/5.0 ${CHROME}; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)`],
  [
    'Perplexity-User',
    `Mozilla/5.0 ${CHROME}; compatible; Perplexity-User/1.0; +https://perplexity.ai/perplexity-user)`,
  ],
  [
    'Bytespider',
    'Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)',
  ],
  ['AhrefsBot', 'Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)'],
  ['SemrushBot', 'Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)'],
  ['facebookexternalhit', 'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)'],
  ['meta-externalagent', 'meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)'],
  ['Twitterbot', 'Twitterbot/1.0'],
  ['Slackbot', 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)'],
  ['ia_archiver', 'ia_archiver (+http://www.alexa.com/site/help/webmasters; crawler@alexa.com)'],
  ['HeadlessChrome', `Mozilla/5.0 (X11; Linux x86_64) ${CHROME} HeadlessChrome/142.0.0.0 Safari/537.36`],
  [
    'Chrome-Lighthouse',
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${CHROME} Chrome/142.0.0.0 Safari/537.36 Chrome-Lighthouse`,
  ],
  [
    'GTmetrix',
    `Mozilla/5.0 (X11; Linux x86_64; GTmetrix https://gtmetrix.com/) ${CHROME} Chrome/125.0.0.0 Safari/537.36`,
  ],
  ['PTST/', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Chrome/142.0.0.0 Safari/537.36 PTST/250101.120000`],
  ['DatadogSynthetics', `Mozilla/5.0 (X11; Linux x86_64) ${CHROME} Chrome/142.0.0.0 Safari/537.36 DatadogSynthetics`],
  ['UptimeRobot', 'Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)'],
  [
    'PhantomJS',
    'Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1',
  ],
  ['jsdom', 'Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/27.0.0'],
  ['curl', 'curl/8.14.1'],
  ['python-requests', 'python-requests/2.32.3'],
]

const PLATFORMS = [
  'Windows NT 10.0; Win64; x64',
  'Windows NT 10.0; WOW64',
  'Macintosh; Intel Mac OS X 10_15_7',
  'X11; Linux x86_64',
  'X11; CrOS x86_64 14541.0.0',
  'Linux; Android 10; K',
  'Linux; Android 16; Pixel 9 Pro',
  'Linux; Android 15; SM-S938B',
  'Linux; Android 13; CUBOT_X18_Plus Build/TP1A',
  'Linux; Android 12; CUBOT P60',
]
const CHROMIUMS = [
  '',
  ' Edg/142.0.0.0',
  ' OPR/124.0.0.0',
  ' Vivaldi/7.6.3797.63',
  ' YaBrowser/25.10.0.0',
  ' SamsungBrowser/29.0',
  ' DuckDuckGo/5',
]
const VISITORS = [
  ...PLATFORMS.flatMap((platform) =>
    ['109', '126', '142'].flatMap((version) =>
      CHROMIUMS.map((brand) => `Mozilla/5.0 (${platform}) ${CHROME} Chrome/${version}.0.0.0 Safari/537.36${brand}`),
    ),
  ),
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0',
  'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/392.0.827560692 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 405.0.0.28.70 (iPhone16,2; iOS 18_5; en_US; en; scale=3.00; 1290x2796)',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/530.0.0.36.70;FBBV/1;FBDV/iPhone16,2;FBMD/iPhone;FBSN/iOS;FBSV/18.5;FBSS/3;FBID/phone;FBLC/en_US]',
  'Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/145.0 Mobile/15E148 Safari/605.1.15',
  'Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/142.0.7444.59 Mobile Safari/537.36',
  'Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/142.1.1 like Chrome/142.0.7444.59 Safari/537.36',
  'Mozilla/5.0 (SMART-TV; LINUX; Tizen 8.0) AppleWebKit/537.36 (KHTML, like Gecko) 108.0.5359.1/8.0 TV Safari/537.36',
  'Mozilla/5.0 (PlayStation; PlayStation 5/9.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15',
  `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${CHROME} Slack/4.46.96 Chrome/138.0.7204.157 Electron/37.2.4 Safari/537.36`,
  'Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko',
  'Dalvik/2.1.0 (Linux; U; Android 15; Pixel 9 Build/AP4A)',
]

/** What the server stores of pages with these user agents, and with what it is labelled. */
async function labelsOf(userAgents: string[]) {
  const server = await startHere()
  const batch = userAgents.map((userAgent) => ({ type: 'page', anonymousId: 'a', context: { userAgent } }))
  await server.post('/ingest/v1/batch', { batch })
  return (await server.stored()).map(({ context, bot }) => [(context as { userAgent: string }).userAgent, bot])
}

test('crawlers, checks and browsers that a program drives are stored with a label that says by what', async () => {
  const expected = BOTS.map(([reason, userAgent]) => [userAgent, { reasons: [reason] }])
  expect(await labelsOf(BOTS.map(([, userAgent]) => userAgent))).toEqual(expected)
})

test('nobody who visits with a browser has the label, Cubot phones included', async () => {
  expect(VISITORS.length).toBeGreaterThan(200)
  expect(await labelsOf(VISITORS)).toEqual(VISITORS.map((userAgent) => [userAgent, undefined]))
})

test('it is the user agent of the request where a page does not say one; a server without one is no bot', async () => {
  const server = await startHere()
  const event = { type: 'track', userId: 'u', event: 'e' }
  const bot = { authorization: `Bearer ${WRITE_KEY}`, 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1)' }
  await server.post('/ingest/v1/track', event, { ...bot, origin: 'https://a.example' })
  await server.post('/ingest/v1/track', event, bot)
  await server.post('/ingest/v1/track', { ...event, context: { userAgent: 7 } }, bot)
  expect((await server.stored()).map(({ bot }) => bot)).toEqual([{ reasons: ['Googlebot'] }, undefined, undefined])
})
