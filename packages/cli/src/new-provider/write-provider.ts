import type { ProviderDraft } from './provider-draft.ts'
import { isReadByDefault, type SampleAnswer } from './sample-answer.ts'
import { Code, importLine, membersOf, quote } from './source-text.ts'

/** The provider's file: what departs from the defaults, and no more. */
export function writeProvider(draft: ProviderDraft): string {
  const { name, identifier, title, tokenEndpoint, api, scopes, parameters, tokenHeader } = draft
  const authentication = writeAuthentication(draft)
  const reader =
    draft.sample === undefined || isReadByDefault(draft.sample) ? undefined : writeReader(draft.sample, draft)
  const setting = (option: string, url: URL): Code => new Code(`options.${option} ?? ${quote(url.href)}`)
  const fields = {
    name,
    tokenEndpoint: setting('tokenEndpoint', tokenEndpoint),
    ...(api && { api: setting('apiUrl', api) }),
    ...(scopes.length > 0 && { scopes }),
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...writeFormat(draft),
    ...(authentication.field && { clientAuthentication: new Code(authentication.field) }),
    ...(reader && { readTokenResponse: new Code(reader.name) }),
    ...(tokenHeader && {
      authorizeRequest: new Code(`(headers, token) => headers.set(${quote(tokenHeader)}, token.value)`),
    }),
  }
  const options = [
    `  /** Default \`${tokenEndpoint.href}\`. */\n  readonly tokenEndpoint?: string | URL\n`,
    ...(api ? [`  /** Base URL of the API; default \`${api.href}\`. */\n  readonly apiUrl?: string | URL\n`] : []),
  ]
  const values = [...authentication.values, ...(reader?.values ?? [])]
  const types = ['Provider', ...authentication.types, ...(reader?.types ?? [])]
  return `${importLine(values, types, '@nightlatch/core')}
/** Where ${title} is. */
export interface ${title}Options {
${options.join('')}}

/** ${title}: a token by client credentials${api ? ', and its API' : ''}. */
export function ${identifier}(options: ${title}Options = {}): Provider {
  return {
${membersOf(fields, '    ').join('')}  }
}
${authentication.code ?? ''}${reader?.code ?? ''}`
}

/** Where the token request departs from RFC 6749 section 4.4.2. */
function writeFormat({ method, bodyFormat, grantType, headers }: ProviderDraft): object {
  const tokenRequest = {
    ...(method === 'GET' && { method }),
    ...(method !== 'GET' && bodyFormat !== 'form' && { bodyFormat }),
    ...(grantType !== 'client_credentials' && { grantType }),
    ...(Object.keys(headers).length > 0 && { headers }),
  }
  return Object.keys(tokenRequest).length > 0 ? { tokenRequest } : {}
}

interface Written {
  readonly field?: string
  readonly code?: string
  readonly values: readonly string[]
  readonly types: readonly string[]
}

function writeAuthentication({
  identifier,
  title,
  authentication,
  clientIdName,
  clientSecretName,
}: ProviderDraft): Written {
  if (authentication === 'basic') return { values: [], types: [] }
  if (authentication === 'basic-raw') {
    return { field: "clientSecretBasic({ encoding: 'raw' })", values: ['clientSecretBasic'], types: [] }
  }
  if (authentication === 'post' && clientIdName === undefined && clientSecretName === undefined) {
    return { field: 'clientSecretPost()', values: ['clientSecretPost'], types: [] }
  }
  // A function's name is part of what a token is cached under: each provider has its own.
  const field = `authenticate${title}`
  const target = authentication === 'post' ? 'parameters' : 'headers'
  const idName = clientIdName ?? (authentication === 'post' ? 'client_id' : undefined)
  const id = idName === undefined ? '' : `  ${target}.set(${quote(idName)}, credentials.clientId)\n`
  const secretName = clientSecretName ?? 'client_secret'
  const code = `
function ${field}({ ${target} }: TokenRequestDraft, credentials: Credentials): void {
  if (!('clientSecret' in credentials)) throw new NightlatchError('invalid_options', '${identifier} needs a client secret')
${id}  ${target}.set(${quote(secretName)}, credentials.clientSecret)
}
`
  return { field, code, values: ['NightlatchError'], types: ['TokenRequestDraft', 'Credentials'] }
}

function writeReader(sample: SampleAnswer, { title }: ProviderDraft): Written & { readonly name: string } {
  const name = `read${title}Answer`
  const types = ['TokenAnswer', 'TokenFields']
  const values = ['readStandardTokenResponse']
  if (sample.form === 'text') {
    const code = `
/** The answer is the token itself, as text. */
function ${name}(answer: TokenAnswer): TokenFields {
  const { status, body } = answer
  return typeof body === 'string' && status === 200 ? { accessToken: body.trim() } : readStandardTokenResponse(answer)
}
`
    return { name, code, values, types }
  }
  const { tokenHeader, token, lifetime, scope, oddType, error } = sample
  const at = (path: Path): string => `readPath(${['answer.body', ...path.map((step) => toLiteral(step))].join(', ')})`
  const life = lifetime && readLifetime(lifetime, at(lifetime.path))
  const fields = {
    accessToken: new Code(tokenHeader === undefined ? at(token) : `answer.headers.get(${quote(tokenHeader)})`),
    ...(oddType && { tokenType: 'Bearer' }),
    ...life?.field,
    ...(scope && { scope: new Code(at(scope)) }),
    // 0 is no error: the core knows.
    ...(error && { error: new Code(`${at(error.code)} ?? usual.error`) }),
    ...(error?.words && { errorDescription: new Code(`${at(error.words)} ?? usual.errorDescription`) }),
  }
  const stated = lifetime === undefined ? '' : `; \`${lifetime.path.join('.')}\` is ${words[lifetime.kind]}`
  const code = `
/** The token is ${tokenHeader === undefined ? `\`${token.join('.')}\`` : `in the header \`${tokenHeader}\``}${stated}. What is wrong with either is judged by the core. */
function ${name}(answer: TokenAnswer): TokenFields {
${error ? '  const usual = readStandardTokenResponse(answer)\n' : ''}  return {
    ...${error ? 'usual' : 'readStandardTokenResponse(answer)'},
${membersOf(fields, '    ').join('')}  }
}
`
  const paths = code.includes('readPath(') ? ['readPath'] : []
  return { name, code, values: [...values, ...paths, ...(life?.values ?? [])], types }
}

type Path = readonly (string | number)[]
type Lifetime = NonNullable<SampleAnswer['lifetime']>

function toLiteral(step: string | number): string {
  return typeof step === 'number' ? String(step) : quote(step)
}

const words: Readonly<Record<Lifetime['kind'], string>> = {
  seconds: 'its lifetime in seconds',
  milliseconds: 'its lifetime in milliseconds',
  minutes: 'its lifetime in minutes',
  'epoch-seconds': 'its end, in seconds since 1970',
  'epoch-milliseconds': 'its end, in milliseconds since 1970',
  date: 'its end, as a date',
}

/** A lifetime in the core's terms, and what of the core that takes. */
function readLifetime(
  { kind, value }: Lifetime,
  code: string,
): { readonly field: Readonly<Record<string, Code>>; readonly values: readonly string[] } {
  const by = (field: 'expiresIn' | 'expiresAt', reader: string): ReturnType<typeof readLifetime> => ({
    field: { [field]: new Code(`${reader}(${code})`) },
    values: [reader],
  })
  switch (kind) {
    case 'seconds':
      return { field: { expiresIn: new Code(code) }, values: [] }
    case 'milliseconds':
      return by('expiresIn', 'secondsFromMilliseconds')
    case 'minutes':
      return { field: { expiresIn: new Code(`Number(${code}) * 60`) }, values: [] }
    case 'epoch-seconds':
      return by('expiresAt', 'dateFromEpochSeconds')
    case 'epoch-milliseconds':
      return by('expiresAt', 'dateFromEpochMilliseconds')
    case 'date':
      if (/^\d{4}-\d\d-\d\d[Tt ].*(Z|[+-]\d\d:?\d\d)$/i.test(String(value))) return by('expiresAt', 'dateFromIso')
      if (/^[A-Za-z]{3,9}, /.test(String(value))) return by('expiresAt', 'dateFromHttpDate')
      return { field: { expiresAt: new Code(`new Date(String(${code}))`) }, values: [] }
  }
}
