import { CommandError } from '../command-error.ts'
import { isSlug } from '../slug.ts'
import { isFieldName, readSample, type SampleAnswer } from './sample-answer.ts'

/** Client authentications with a client secret, and their labels in the prompt. */
export const authentications: Readonly<Record<string, string>> = {
  basic: 'Basic header, id and secret form-encoded as in RFC 6749',
  'basic-raw': 'Basic header, id and secret not encoded',
  post: 'parameters of the request: client_id and client_secret, or other names',
  header: 'one or two other headers',
}

/** Flags or answers to prompts about a provider. */
export interface ProviderSettings {
  readonly tokenEndpoint?: string
  readonly clientAuthentication?: string
  readonly clientIdName?: string
  readonly clientSecretName?: string
  readonly method?: string
  readonly bodyFormat?: string
  readonly grantType?: string
  readonly scope?: string
  readonly parameter?: readonly string[]
  readonly header?: readonly string[]
  readonly sample?: string
  readonly apiUrl?: string
  readonly tokenHeader?: string
  readonly runner?: string
}

/** The checked settings of a provider to write. */
export interface ProviderDraft {
  /** A slug, such as `acme-cloud`. */
  readonly name: string
  /** The name of the provider's function. */
  readonly identifier: string
  /** The name in its types and for people. */
  readonly title: string
  readonly tokenEndpoint: URL
  readonly authentication: 'basic' | 'basic-raw' | 'post' | 'header'
  /** The name of the parameter or header; `undefined` means `client_id`, or no header. */
  readonly clientIdName: string | undefined
  readonly clientSecretName: string | undefined
  readonly method: 'POST' | 'GET'
  readonly bodyFormat: 'form' | 'json' | 'none'
  /** `null` sends no `grant_type`. */
  readonly grantType: string | null
  readonly scopes: readonly string[]
  readonly parameters: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly sample: SampleAnswer | undefined
  readonly api: URL | undefined
  /** The header for the token, if it is not `Authorization: Bearer`. */
  readonly tokenHeader: string | undefined
  readonly runner: 'vitest' | 'node:test'
}

/**
 * Checks the settings of a new provider.
 *
 * @throws CommandError `wrong_usage`, naming all mistakes
 */
export function draftProvider(name: string, settings: ProviderSettings): ProviderDraft {
  const mistakes: string[] = []
  if (!isProviderName(name)) mistakes.push('<name> must be a lower-case slug, such as acme-cloud')
  const tokenEndpoint = readUrl('--token-endpoint', settings.tokenEndpoint, mistakes)
  if (settings.tokenEndpoint === undefined) mistakes.push('missing: --token-endpoint')
  const api = readUrl('--api-url', settings.apiUrl === '' ? undefined : settings.apiUrl, mistakes)
  const choose = <Choice extends string>(
    flag: string,
    given: string | undefined,
    ...choices: readonly Choice[]
  ): Choice => {
    const choice = choices.find((one) => one === (given ?? choices[0]))
    if (choice === undefined) mistakes.push(`${flag} must be one of ${choices.join(', ')}`)
    return choice ?? (choices[0] as Choice)
  }
  const authentication = choose(
    '--client-authentication',
    settings.clientAuthentication,
    'basic',
    'basic-raw',
    'post',
    'header',
  )
  const { clientIdName, clientSecretName } = settings
  if (authentication === 'header' && clientSecretName === undefined) {
    mistakes.push('--client-authentication header requires --client-secret-name, the name of the header')
  }
  if (/^basic/.test(authentication) && (clientIdName ?? clientSecretName) !== undefined) {
    mistakes.push('--client-id-name and --client-secret-name are for --client-authentication post or header')
  }
  const method = choose('--method', settings.method?.toUpperCase(), 'POST', 'GET')
  const bodyFormat = choose('--body-format', settings.bodyFormat, 'form', 'json', 'none')
  if (method === 'GET' && settings.bodyFormat !== undefined && bodyFormat !== 'none') {
    mistakes.push('--method GET has no body: its parameters are in the query')
  }
  const sample = settings.sample?.trim() ? readSample(settings.sample) : undefined
  if (settings.sample?.trim() && sample === undefined) {
    mistakes.push(
      '--sample has no recognisable token. Is it the whole response of the token endpoint? If the token is in a header, include status line and headers: HTTP/1.1 200 OK, the headers, an empty line, the body',
    )
  }
  const { grantType = 'client_credentials' } = settings
  const parameters = readPairs('--parameter', '=', settings.parameter, mistakes)
  if (bodyFormat === 'json') mistakes.push(...findNested(parameters))
  const headers = readPairs('--header', ':', settings.header, mistakes)
  const draft = {
    name,
    ...nameThings(name),
    authentication,
    clientIdName,
    clientSecretName,
    method,
    bodyFormat: method === 'GET' ? ('none' as const) : bodyFormat,
    grantType: grantType === 'none' ? null : grantType,
    scopes: (settings.scope ?? '').split(/[\s,]+/).filter(Boolean),
    parameters,
    headers,
    sample,
    api,
    tokenHeader: settings.tokenHeader,
    runner: choose('--runner', settings.runner, 'vitest', 'node:test'),
  }
  const namesOfHeaders = [
    settings.tokenHeader,
    ...(authentication === 'header' ? [clientIdName, clientSecretName] : []),
    ...Object.keys(headers),
  ]
  for (const header of namesOfHeaders) {
    if (header !== undefined && !isFieldName(header)) mistakes.push(`"${header}" is not a valid header name`)
  }
  for (const [header, value] of Object.entries(headers)) {
    if (!/^[\t\x20-\x7e]*$/.test(value)) mistakes.push(`--header ${header}: its value must be printable ASCII`)
  }
  const [only, ...others] = mistakes
  if (only !== undefined && others.length === 0) throw new CommandError('wrong_usage', only)
  if (tokenEndpoint === undefined || only !== undefined) {
    throw new CommandError('wrong_usage', `${name} cannot be written with these settings`, { hints: mistakes })
  }
  return { ...draft, tokenEndpoint }
}

/** Reports parameters with nested JSON, which would be sent as text. */
function findNested(parameters: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(parameters)
    .filter(([, value]) => /^[[{]/.test(value) && isJson(value))
    .map(
      ([name]) =>
        `--parameter ${name}: nested JSON would be sent as text; omit it, and write a clientAuthentication that sets \`json\` to the whole body: docs/providers-vocabulary.md shows one`,
    )
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function readUrl(flag: string, text: string | undefined, mistakes: string[]): URL | undefined {
  if (text === undefined) return undefined
  // A URL parser accepts and encodes braces in a path.
  if (/[{}<>]/.test(text)) {
    mistakes.push(
      `${flag} contains a placeholder. Write an example tenant or host; afterwards make it an option of the function, with hostLabel, hostName or pathSegment`,
    )
    return undefined
  }
  const url = URL.parse(text)
  const isLoopback = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url?.hostname ?? '')
  if (url === null) mistakes.push(`${flag} must be an absolute URL`)
  else if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback))
    mistakes.push(
      `${flag} must be https. If a test network has only http, write https here, then pass the http URL to the provider and allowInsecureRequests to the client`,
    )
  else if (url.username !== '' || url.password !== '' || url.hash !== '') {
    mistakes.push(`${flag} must not contain a user name, a password or a fragment`)
  } else return url
  return undefined
}

function readPairs(
  flag: string,
  separator: string,
  pairs: readonly string[] = [],
  mistakes: string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.flatMap((pair) => {
      const at = pair.indexOf(separator)
      if (at < 1) mistakes.push(`${flag} must be of the form name${separator}value`)
      return at < 1 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]]
    }),
  )
}

/** Names that the provider's function cannot have: reserved words, and names in the generated code. */
const reserved: ReadonlySet<string> = new Set(
  'await break case catch class const continue default delete do else enum export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield arguments eval standard describe it test token readStandardTokenResponse clientSecretPost clientSecretBasic nightlatchError testProvider'.split(
    ' ',
  ),
)

/** Whether a provider can have this name: a slug that begins with a letter, so that it can name a function. */
export function isProviderName(text: string): boolean {
  return isSlug(text) && /^[a-z]/.test(text)
}

/** Derives the names in code from a slug. */
export function nameThings(name: string): { readonly identifier: string; readonly title: string } {
  const words = name.split('-')
  const title = words.map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`).join('')
  const identifier = `${title.slice(0, 1).toLowerCase()}${title.slice(1)}`
  return reserved.has(identifier)
    ? { identifier: `${identifier}Provider`, title: `${title}Provider` }
    : { identifier, title }
}
