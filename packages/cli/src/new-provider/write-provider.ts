import type { ProviderDraft } from './provider-draft.ts'
import { isReadByDefault, type SampleAnswer } from './sample-answer.ts'
import { access, Code, importLine, isName, membersOf, quote } from './source-text.ts'

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
  return `${importLine(values, types, '@latchkey/core')}
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
  if (!('clientSecret' in credentials)) throw new LatchkeyError('invalid_options', '${identifier} needs a client secret')
${id}  ${target}.set(${quote(secretName)}, credentials.clientSecret)
}
`
  return { field, code, values: ['LatchkeyError'], types: ['TokenRequestDraft', 'Credentials'] }
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
  const { token, lifetime, scope, oddType, error } = sample
  const paths = [
    token,
    ...(lifetime ? [lifetime.path] : []),
    ...(scope ? [scope] : []),
    ...(error ? [error.code] : []),
    ...(error?.words ? [error.words] : []),
  ]
  const at = (path: readonly (string | number)[]): string => `body${access(path)}`
  const fields = {
    accessToken: new Code(at(token)),
    ...(oddType && { tokenType: 'Bearer' }),
    ...(lifetime && readLifetime(lifetime.kind, at(lifetime.path))),
    ...(scope && { scope: new Code(at(scope)) }),
    // 0 is no error: the core knows.
    ...(error && { error: new Code(at(error.code)) }),
    ...(error?.words && { errorDescription: new Code(at(error.words)) }),
  }
  const stated = lifetime === undefined ? '' : `; \`${lifetime.path.join('.')}\` is ${words[lifetime.kind]}`
  const code = `
/** The token is \`${token.join('.')}\`${stated}. What is wrong with either is judged by the core. */
function ${name}(answer: TokenAnswer): TokenFields {
  const body = answer.body as ${title}Body
  return {
    ...readStandardTokenResponse(answer),
${membersOf(fields, '    ').join('')}  }
}

/** As far as it is read; any of it may be missing. */
type ${title}Body = ${writeType(paths, 'a line each')} | null
`
  return { name, code, values, types }
}

const words: Readonly<Record<NonNullable<SampleAnswer['lifetime']>['kind'], string>> = {
  seconds: 'its lifetime in seconds',
  milliseconds: 'its lifetime in milliseconds',
  minutes: 'its lifetime in minutes',
  'epoch-seconds': 'its end, in seconds since 1970',
  'epoch-milliseconds': 'its end, in milliseconds since 1970',
  date: 'its end, as a date',
}

function readLifetime(
  kind: NonNullable<SampleAnswer['lifetime']>['kind'],
  value: string,
): Readonly<Record<string, Code>> {
  switch (kind) {
    case 'seconds':
      return { expiresIn: new Code(value) }
    case 'milliseconds':
      return { expiresIn: new Code(`Number(${value}) / 1000`) }
    case 'minutes':
      return { expiresIn: new Code(`Number(${value}) * 60`) }
    case 'epoch-seconds':
      return { expiresAt: new Code(`new Date(Number(${value}) * 1000)`) }
    case 'epoch-milliseconds':
      return { expiresAt: new Code(`new Date(Number(${value}))`) }
    case 'date':
      return { expiresAt: new Code(`new Date(String(${value}))`) }
  }
}

/** The type of what paths lead through. */
function writeType(paths: readonly (readonly (string | number)[])[], layout?: 'a line each'): string {
  const rest = paths.filter((path) => path.length > 0)
  if (rest.length === 0) return 'unknown'
  const steps = [...new Set(rest.map(([step]) => step))]
  const below = (step: string | number | undefined): string => {
    const inner = writeType(rest.filter(([first]) => first === step).map((path) => path.slice(1)))
    return inner === 'unknown' ? inner : `${inner} | null`
  }
  const [first] = steps
  if (typeof first === 'number') return `readonly (${below(first)})[]`
  const members = steps.map((step) => `readonly ${isName(String(step)) ? step : quote(String(step))}?: ${below(step)}`)
  if (layout !== undefined) return `{\n${members.map((member) => `  ${member}\n`).join('')}}`
  return `{ ${members.join('; ')} }`
}
