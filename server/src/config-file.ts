import { HOGSEND_SCOPE } from './auth.ts'
import { sentenceOf } from './schema-sentence.ts'

const text = { type: 'string', minLength: 1 }
const texts = { type: 'array', items: text }

const startsWith = (prefix: string) => ({
  type: 'string',
  pattern: `^${prefix}\\S+$`,
  description: `must start with \`${prefix}\` and have no blanks`,
})

/** The shape of AIRHOP_CONFIG; `description` is the end of the sentence about a value that does not fit. */
const SCHEMA = {
  type: 'object',
  required: ['workspaces'],
  additionalProperties: false,
  properties: {
    workspaces: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['name', 'writeKeys'],
        additionalProperties: false,
        properties: {
          name: text,
          writeKeys: { type: 'array', minItems: 1, items: startsWith('wk_') },
          adminTokens: {
            type: 'array',
            items: {
              type: 'string',
              pattern: '^(?!wk_|pk_)\\S{16,}$',
              description: 'must have at least 16 characters, no blanks, and not be a write key or widget key',
            },
          },
          serverTokens: {
            type: 'array',
            items: {
              type: 'string',
              pattern: '^(?!wk_|pk_|hsk_)\\S+$',
              description: 'must have no blanks and not be a key of another kind',
            },
          },
          hogsendKeys: {
            type: 'array',
            items: {
              type: 'object',
              required: ['key', 'scopes'],
              additionalProperties: false,
              properties: { key: startsWith('hsk_'), scopes: texts },
            },
          },
          churnkey: {
            type: 'object',
            required: ['appId', 'apiKey'],
            additionalProperties: false,
            properties: { appId: text, apiKey: text },
          },
          segmentSharedSecret: text,
          intercomClientSecret: text,
          identitySecret: { ...texts, type: ['string', 'array'], minLength: 1, minItems: 1 },
          enforceIdentity: { type: 'boolean' },
          allowedTypes: {
            type: 'array',
            minItems: 1,
            items: { enum: ['identify', 'track', 'page', 'screen', 'group', 'alias'] },
          },
          allowedOrigins: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'string',
              pattern: '^([a-z][a-z0-9+.-]*://(\\*\\.)?[^\\s/?#*@]+|null)$',
              description:
                'must be an origin such as `https://app.example.com` or `https://*.example.com`, without a path',
            },
          },
          ratePerSecond: { type: 'number', exclusiveMinimum: 0 },
          contract: text,
          retentionDays: { type: 'integer', minimum: 1 },
        },
      },
    },
  },
}

/** What the file says of a workspace, as far as it is looked at here. */
interface Workspace {
  name: string
  writeKeys: string[]
  adminTokens?: string[]
  serverTokens?: string[]
  hogsendKeys?: { key: string }[]
  churnkey?: { appId: string; apiKey: string }
}

/** All that is wrong with a configuration, a sentence each that names the field and never a secret's value. */
export async function findMistakes(config: unknown): Promise<string[]> {
  // Loaded only here: the server starts 50 ms sooner without it.
  const { Ajv } = await import('ajv')
  const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true })
  if (!ajv.validate(SCHEMA, config)) return (ajv.errors ?? []).map((error) => sentenceOf(error, 'the file'))

  const { workspaces } = config as { workspaces: Workspace[] }
  return [
    ...findRepeated(workspaces.map(({ name }, at) => [`workspaces[${at}].name`, name])),
    ...findRepeated(
      workspaces.flatMap(({ churnkey }, at): Place[] =>
        churnkey ? [[`workspaces[${at}].churnkey.appId`, churnkey.appId]] : [],
      ),
    ),
    ...findRepeated(
      workspaces.flatMap(({ writeKeys, adminTokens = [], serverTokens = [], hogsendKeys = [], churnkey }, at) => [
        ...writeKeys.map((key, place): Place => [`workspaces[${at}].writeKeys[${place}]`, key]),
        ...adminTokens.map((token, place): Place => [`workspaces[${at}].adminTokens[${place}]`, token]),
        ...serverTokens.map((token, place): Place => [`workspaces[${at}].serverTokens[${place}]`, token]),
        ...hogsendKeys.map(({ key }, place): Place => [`workspaces[${at}].hogsendKeys[${place}].key`, key]),
        ...(churnkey ? [[`workspaces[${at}].churnkey.apiKey`, churnkey.apiKey] as Place] : []),
      ]),
    ),
  ]
}

/** Settings that are right and do not what one might think. */
export function findUnused(workspaces: readonly Unused[]): string[] {
  return workspaces.flatMap(({ enforceIdentity, identitySecret, hogsendKeys = [] }, at) => [
    ...(enforceIdentity && identitySecret === undefined
      ? [
          `\`workspaces[${at}].enforceIdentity\` without \`identitySecret\` refuses every identify that comes with a write key.`,
        ]
      : []),
    ...hogsendKeys.flatMap(({ scopes }, place) =>
      scopes.includes(HOGSEND_SCOPE)
        ? []
        : [`\`workspaces[${at}].hogsendKeys[${place}]\` without the scope \`${HOGSEND_SCOPE}\` opens nothing.`],
    ),
  ])
}

interface Unused {
  enforceIdentity?: boolean | undefined
  identitySecret?: unknown
  hogsendKeys?: readonly { scopes: readonly string[] }[]
}

type Place = [field: string, value: string]

function findRepeated(places: readonly Place[]): string[] {
  const first = new Map<string, string>()
  return places.flatMap(([field, value]) => {
    const earlier = first.get(value)
    if (earlier !== undefined) return [`\`${field}\` is the same as \`${earlier}\`; each must be used once.`]
    first.set(value, field)
    return []
  })
}
