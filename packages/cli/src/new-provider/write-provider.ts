import type { ProviderDraft } from './provider-draft.ts'
import { isReadByDefault, type SampleAnswer } from './sample-answer.ts'
import {
  type Code,
  code,
  docComment,
  identifier,
  importLine,
  joinCode,
  membersOf,
  quote,
  toSource,
} from './source-text.ts'

/** Writes the provider's file, with only what differs from the defaults. */
export function writeProvider(draft: ProviderDraft): Code {
  const { name, title, tokenEndpoint, api, scopes, parameters, tokenHeader } = draft
  const authentication = writeAuthentication(draft)
  const reader =
    draft.sample === undefined || isReadByDefault(draft.sample) ? undefined : writeReader(draft.sample, draft)
  const fields = {
    name,
    tokenEndpoint: code`options.tokenEndpoint ?? ${quote(tokenEndpoint.href)}`,
    ...(api && { api: code`options.apiUrl ?? ${quote(api.href)}` }),
    ...(scopes.length > 0 && { scopes }),
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...writeFormat(draft),
    ...(authentication.field && { clientAuthentication: authentication.field }),
    ...(reader && { readTokenResponse: reader.field }),
    ...(tokenHeader && {
      authorizeRequest: code`(headers, token) => headers.set(${quote(tokenHeader)}, token.value)`,
    }),
  }
  const apiOption =
    api &&
    code`  ${docComment`Base URL of the API; default \`${api.href}\`.`}
  readonly apiUrl?: string | URL
`
  const values = [...authentication.values, ...(reader?.values ?? [])]
  const types = ['Provider', ...authentication.types, ...(reader?.types ?? [])]
  const options = identifier(`${title}Options`)
  return code`${importLine(values, types, '@nightlatch/core')}
${docComment`Addresses of ${title}.`}
export interface ${options} {
  ${docComment`Default \`${tokenEndpoint.href}\`.`}
  readonly tokenEndpoint?: string | URL
${apiOption}}

${docComment`${title}: a token by client credentials${api ? ', and its API' : ''}.`}
export function ${identifier(draft.identifier)}(options: ${options} = {}): Provider {
  return {
${membersOf(fields, '    ')}  }
}
${authentication.code}${reader?.code}`
}

/** The options in which the token request differs from RFC 6749 section 4.4.2. */
function writeFormat({ method, bodyFormat, grantType, headers }: ProviderDraft): object {
  const tokenRequest = {
    ...(method === 'GET' && { method }),
    ...(method !== 'GET' && bodyFormat !== 'form' && { bodyFormat }),
    ...(grantType !== 'client_credentials' && { grantType }),
    ...(Object.keys(headers).length > 0 && { headers }),
  }
  return Object.keys(tokenRequest).length > 0 ? { tokenRequest } : {}
}

/** A field of the provider, and the declaration that it names. */
interface Written {
  readonly field?: Code
  readonly code?: Code
  readonly values: readonly string[]
  readonly types: readonly string[]
}

function writeAuthentication({
  identifier: name,
  title,
  authentication,
  clientIdName,
  clientSecretName,
}: ProviderDraft): Written {
  if (authentication === 'basic') return { values: [], types: [] }
  if (authentication === 'basic-raw') {
    return { field: code`clientSecretBasic({ encoding: 'raw' })`, values: ['clientSecretBasic'], types: [] }
  }
  if (authentication === 'post' && clientIdName === undefined && clientSecretName === undefined) {
    return { field: code`clientSecretPost()`, values: ['clientSecretPost'], types: [] }
  }
  const field = identifier(`authenticate${title}`)
  const target = authentication === 'post' ? code`parameters` : code`headers`
  const idName = clientIdName ?? (authentication === 'post' ? 'client_id' : undefined)
  const id = idName === undefined ? undefined : code`    ${target}.set(${quote(idName)}, credentials.clientId)\n`
  const secretName = clientSecretName ?? 'client_secret'
  const needs = quote(`${name} requires a client secret`)
  const written = code`
const ${field}: ClientAuthentication = {
  name: ${quote(`${name}_own`)},
  authenticate({ ${target} }, credentials) {
    if (!('clientSecret' in credentials)) {
      throw new NightlatchError('invalid_options', ${needs})
    }
${id}    ${target}.set(${quote(secretName)}, credentials.clientSecret)
  },
}
`
  return { field, code: written, values: ['NightlatchError'], types: ['ClientAuthentication'] }
}

/** Writes a `readTokenResponse` for responses that look like a sample. */
export function writeReader(
  sample: SampleAnswer,
  { title }: Pick<ProviderDraft, 'title'>,
): Written & { readonly field: Code; readonly code: Code } {
  const field = identifier(`read${title}Answer`)
  const types = ['TokenAnswer', 'TokenFields']
  const values = ['readStandardTokenResponse']
  if (sample.form === 'text') {
    const written = code`
/** The response is the token itself, as text. */
function ${field}(answer: TokenAnswer): TokenFields {
  const { status, body } = answer
  return typeof body === 'string' && status === 200 ? { accessToken: body.trim() } : readStandardTokenResponse(answer)
}
`
    return { field, code: written, values, types }
  }
  const { tokenHeader, token, lifetime, scope, oddType, error } = sample
  const isPathRead = tokenHeader === undefined || [lifetime, scope, error].some((place) => place !== undefined)
  const at = (path: Path): Code =>
    code`readPath(${joinCode([code`answer.body`, ...path.map((step) => toSource(step))], ', ')})`
  const life = lifetime && readLifetime(lifetime, at(lifetime.path))
  const fields = {
    accessToken: tokenHeader === undefined ? at(token) : code`answer.headers.get(${quote(tokenHeader)})`,
    ...(oddType && { tokenType: 'Bearer' }),
    ...life?.field,
    ...(scope && { scope: at(scope) }),
    // The core treats 0 as no error.
    ...(error && { error: code`${at(error.code)} ?? usual.error` }),
    ...(error?.words && { errorDescription: code`${at(error.words)} ?? usual.errorDescription` }),
  }
  const stated = lifetime === undefined ? '' : `; \`${lifetime.path.join('.')}\` is ${words[lifetime.kind]}`
  const place = tokenHeader === undefined ? `\`${token.join('.')}\`` : `in the header \`${tokenHeader}\``
  const usual = error && code`  const usual = readStandardTokenResponse(answer)\n`
  const written = code`
${docComment`The token is ${place}${stated}. The core checks their values.`}
function ${field}(answer: TokenAnswer): TokenFields {
${usual}  return {
    ...${error ? code`usual` : code`readStandardTokenResponse(answer)`},
${membersOf(fields, '    ')}  }
}
`
  const paths = isPathRead ? ['readPath'] : []
  return { field, code: written, values: [...values, ...paths, ...(life?.values ?? [])], types }
}

type Path = readonly (string | number)[]
type Lifetime = NonNullable<SampleAnswer['lifetime']>

const words: Readonly<Record<Lifetime['kind'], string>> = {
  seconds: 'its lifetime in seconds',
  milliseconds: 'its lifetime in milliseconds',
  minutes: 'its lifetime in minutes',
  'epoch-seconds': 'its expiry time, in seconds since 1970',
  'epoch-milliseconds': 'its expiry time, in milliseconds since 1970',
  date: 'its expiry time, as a date',
}

/** Code that reads a lifetime, and the names that it imports from the core. */
function readLifetime(
  { kind, value }: Lifetime,
  stated: Code,
): { readonly field: Readonly<Record<string, Code>>; readonly values: readonly string[] } {
  const by = (field: 'expiresIn' | 'expiresAt', reader: string): ReturnType<typeof readLifetime> => ({
    field: { [field]: code`${identifier(reader)}(${stated})` },
    values: [reader],
  })
  switch (kind) {
    case 'seconds':
      return { field: { expiresIn: stated }, values: [] }
    case 'milliseconds':
      return by('expiresIn', 'secondsFromMilliseconds')
    case 'minutes':
      return { field: { expiresIn: code`Number(${stated}) * 60` }, values: [] }
    case 'epoch-seconds':
      return by('expiresAt', 'dateFromEpochSeconds')
    case 'epoch-milliseconds':
      return by('expiresAt', 'dateFromEpochMilliseconds')
    case 'date':
      if (/^\d{4}-\d\d-\d\d[Tt ].*(Z|[+-]\d\d:?\d\d)$/i.test(String(value))) return by('expiresAt', 'dateFromIso')
      if (/^[A-Za-z]{3,9}, /.test(String(value))) return by('expiresAt', 'dateFromHttpDate')
      return { field: { expiresAt: code`new Date(String(${stated}))` }, values: [] }
  }
}
