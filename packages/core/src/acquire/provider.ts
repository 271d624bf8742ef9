import * as v from 'valibot'
import type { NightlatchError } from '../errors.ts'
import type { Fetch } from '../platform/fetch.ts'
import { exactObject, findMistakes, findUrlMistake, ownMembers } from '../platform/validation.ts'
import type { AccessToken } from './access-token.ts'
import type { TokenParameters } from './token-request.ts'
import { providerParametersSchema, scopesSchema } from './token-request.ts'
import type { ClientAuthentication } from './token-request-draft.ts'
import type { TokenAnswer, TokenFields } from './token-response.ts'

/**
 * What a provider is: plain readonly data, with optional functions for what data cannot say. It is usually the result of a
 * small function of a tenant or a host. `createClient` validates it; the engine does everything that could go wrong.
 *
 * @typeParam Info what the provider's discovery tells besides the API's address; `undefined` without discovery
 */
export interface Provider<Info = unknown> {
  /** Lower-case slug, for messages, telemetry and the command line. */
  readonly name: string
  /** Where tokens are asked for, used untouched: path case, query and all. */
  readonly tokenEndpoint?: string | URL
  /**
   * Where `client.revoke()` revokes tokens, used untouched. Default: the one that the issuer's metadata names, if it is read.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc7009#section-2 RFC 7009 section 2}
   */
  readonly revocationEndpoint?: string | URL
  /**
   * The authorization server's issuer identifier. Without `tokenEndpoint`, its metadata names the endpoint.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc8414#section-3 RFC 8414 section 3}
   */
  readonly issuer?: string | URL
  /** How the issuer's metadata is read, where that needs saying. */
  readonly issuerMetadata?: IssuerMetadataTerms
  /** Scopes asked for where the client names none. Default: no `scope` is sent. */
  readonly scopes?: readonly string[]
  /** On every token request: audience, resource, ... Empty ones are left out. */
  readonly parameters?: TokenParameters
  /** Where the token request departs from RFC 6749 section 4.4.2. */
  readonly tokenRequest?: TokenRequestFormat
  /** Seconds a token lives where neither the answer nor the token itself says. Default: unknown, kept for a minute. */
  readonly defaultLifetime?: number
  /**
   * Tokens are bound to a key: the client's `dpopKey`, or one made for it. Default `false`.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc9449 RFC 9449}
   */
  readonly dpop?: boolean
  /** Where tokens may go besides the API's own origin; `*` stands for one label: `https://*.example.com`. */
  readonly apiOrigins?: readonly string[]

  /**
   * Ask: how credentials get onto the token request. Default `clientSecretBasic()`; where an issuer's metadata names the token
   * endpoint, what goes with the credentials among the methods it names.
   */
  readonly clientAuthentication?: ClientAuthentication
  /** Read: what the answer means. Default `readStandardTokenResponse`, which reads snake_case and camelCase. */
  readonly readTokenResponse?: (answer: TokenAnswer) => TokenFields
  /** Find: the API's base URL, or a function that asks for it with the token. */
  readonly api?: string | URL | ((context: DiscoveryContext) => Promise<DiscoveredApi<Info>>)
  /** Use: puts the token onto a request's headers. Default `Authorization: Bearer <token>`. */
  readonly authorizeRequest?: (headers: Headers, token: AccessToken) => void
  /** Which of the API's responses mean that it rejected the token, so that the client replaces it. Default: status 401. */
  readonly tokenRejection?: TokenRejection
  /** Hints for people, from the one who knows: what to check after this failure. */
  readonly explain?: (failure: Failure) => readonly string[]
}

/** How an issuer's metadata is read. */
export interface IssuerMetadataTerms {
  /**
   * The one other issuer that the metadata may name itself after: behind a proxy, a server may go by a name of its own. It is
   * then the issuer that assertions are made for. Default: none, the metadata must be of the provider's issuer.
   */
  readonly acceptIssuer?: string | URL
}

/** Where a token request departs from RFC 6749 section 4.4.2. */
export interface TokenRequestFormat {
  /** Default `'POST'`; with `'GET'` the parameters travel in the query. */
  readonly method?: 'POST' | 'GET'
  /** Default `'form'`; with `'none'` the parameters travel in the query. */
  readonly bodyFormat?: 'form' | 'json' | 'none'
  /** Default `'client_credentials'`; `null`: not sent. */
  readonly grantType?: string | null
  /** Default a space. */
  readonly scopeSeparator?: string
  /**
   * More headers; they win over the defaults (Accept, Content-Type). A function is called for each HTTP attempt, for what must be
   * new each time: a correlation id. What it gives is no part of a token's identity and no secret: an error may quote it. Secrets
   * are for `clientAuthentication`.
   */
  readonly headers?: Readonly<Record<string, string | (() => string)>>
}

/**
 * Which responses of an API mean that it rejected the token.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-3.1 RFC 6750 section 3.1}
 */
export interface TokenRejection {
  /** Instead of 401: list 401, too, if the API uses it. */
  readonly statuses?: readonly number[]
  /**
   * Called for each JSON response of at most 64 KiB, whatever its status, unless `statuses` has its status.
   *
   * @param body parsed JSON
   * @returns whether the API rejected the token. If the function throws, that counts as `false`
   */
  readonly body?: (body: unknown, answer: { readonly status: number; readonly headers: Headers }) => boolean
}

/** What went wrong: a grant or a discovery that failed, or an API's answer. */
export type Failure = NightlatchError | { readonly status: number; readonly url: URL; readonly body: unknown }

/** What a provider's `api` function is given. */
export interface DiscoveryContext {
  /** Carries the token; may reach the token endpoint's origin and `apiOrigins`. */
  readonly fetch: Fetch
  readonly token: AccessToken
  readonly tokenEndpoint: URL
  /** Ends with the discovery's deadline; hand it to `fetch`. */
  readonly signal: AbortSignal
}

/** What a provider's `api` function found. */
export interface DiscoveredApi<Info> {
  /** Checked against the token endpoint's origin and `apiOrigins` before a token goes there. */
  readonly baseUrl: string | URL
  /** What the provider said about us; `client.info()` answers it. */
  readonly info: Info
}

const aFunction = v.function('must be a function')
const url = v.union([v.string(), v.instance(URL)], 'must be a URL, as a string or a URL object')

/** A URL that is a name only: nothing is sent there, so `http://keycloak:8080/realms/acme` will do. */
const anyUrl = v.pipe(
  url,
  v.check((value) => URL.canParse(value), 'must be an absolute URL'),
)

const headerRecord = v.pipe(
  v.record(
    v.string(),
    v.union([v.string(), v.function()], 'must be a string, or a function that gives one'),
    'must be an object of strings',
  ),
  v.check((record) => {
    try {
      // What a function gives is looked at when it is called.
      const values = Object.entries(record).map(([name, value]): [string, string] => [
        name,
        typeof value === 'string' ? value : '',
      ])
      return new Headers(values) instanceof Headers
    } catch {
      return false
    }
  }, 'must hold valid header names and values'),
)

/** An origin with `*` for whole labels in front. */
function isOriginPattern(pattern: string): boolean {
  const lower = pattern.toLowerCase()
  const scheme = ['https://', 'http://'].find((one) => lower.startsWith(one))
  if (scheme === undefined) return false
  const authority = lower.slice(scheme.length, lower.endsWith('/') ? -1 : undefined)
  const host = authority.replace(/:\d{1,5}$/, '')
  if (host.startsWith('[')) return /^\[[0-9a-f:]+\]$/.test(host)
  const labels = host.split('.')
  const fixed = labels.slice(labels.lastIndexOf('*') + 1)
  const isWildInFront = labels.slice(0, -fixed.length).every((label) => label === '*')
  return fixed.length > 0 && isWildInFront && fixed.every((label) => /^[a-z0-9-]+$/.test(label))
}

/** Two fixed labels at least: `https://*.com` would be everybody. */
function hasFixedLabels(pattern: string): boolean {
  const [, ...fixed] = pattern.slice(pattern.lastIndexOf('*')).split('.')
  return !pattern.includes('*') || fixed.length > 1
}

const apiOrigin = v.pipe(
  v.string('must be a string'),
  v.check(isOriginPattern, 'must be an origin such as https://api.example.com or https://*.example.com'),
  v.check(hasFixedLabels, 'must have two labels at least after the *'),
  v.check((pattern) => URL.canParse(pattern), 'must be an origin that a URL can have'),
)

/** Not exact: a method may keep what it needs in fields of its own. */
const clientAuthentication = v.looseObject(
  {
    name: v.pipe(v.string('must be a string'), v.nonEmpty('must not be empty')),
    requires: v.optional(v.picklist(['clientSecret', 'privateKey'], "must be 'clientSecret' or 'privateKey'")),
    authenticate: aFunction,
  },
  'must be an object with name and authenticate, such as clientSecretPost()',
)

const providerSchema = exactObject(
  {
    name: v.pipe(
      v.string('must be a string'),
      v.check(
        (name) => name.split('-').every((part) => /^[a-z0-9]+$/.test(part)),
        'must be a lower-case slug such as my-provider',
      ),
    ),
    tokenEndpoint: v.optional(url),
    revocationEndpoint: v.optional(url),
    issuer: v.optional(url),
    issuerMetadata: v.optional(exactObject({ acceptIssuer: v.optional(anyUrl) }, 'must be an object')),
    scopes: v.optional(scopesSchema),
    parameters: v.optional(providerParametersSchema),
    tokenRequest: v.optional(
      exactObject(
        {
          method: v.optional(v.picklist(['POST', 'GET'], "must be 'POST' or 'GET'")),
          bodyFormat: v.optional(v.picklist(['form', 'json', 'none'], "must be 'form', 'json' or 'none'")),
          grantType: v.optional(v.nullable(v.pipe(v.string('must be a string or null'), v.nonEmpty('is empty')))),
          scopeSeparator: v.optional(v.pipe(v.string('must be a string'), v.nonEmpty('must not be empty'))),
          headers: v.optional(headerRecord),
        },
        'must be an object',
      ),
    ),
    defaultLifetime: v.optional(
      v.pipe(
        v.number('must be a number of seconds'),
        v.finite('must be finite'),
        v.gtValue(0, 'must be more than 0 seconds'),
        v.maxValue(10 * 365 * 24 * 3600, 'must be ten years at most; it is in seconds'),
      ),
    ),
    dpop: v.optional(v.boolean('must be true or false')),
    apiOrigins: v.optional(v.array(apiOrigin, 'must be an array of origins')),
    clientAuthentication: v.optional(clientAuthentication),
    readTokenResponse: v.optional(aFunction),
    api: v.optional(
      v.union([v.string(), v.instance(URL), v.function()], 'must be a URL or a function that discovers it'),
    ),
    authorizeRequest: v.optional(aFunction),
    tokenRejection: v.optional(
      exactObject(
        {
          statuses: v.optional(
            v.array(
              v.pipe(
                v.number('must be an HTTP status'),
                v.integer('must be an HTTP status'),
                v.minValue(200, 'must be an HTTP status from 200 to 599'),
                v.maxValue(599, 'must be an HTTP status from 200 to 599'),
              ),
              'must be an array of HTTP statuses',
            ),
          ),
          body: v.optional(aFunction),
        },
        'must be an object',
      ),
    ),
    explain: v.optional(aFunction),
  },
  'must be an object',
)

/** What is wrong with a description, a line each. */
export function findProviderMistakes(given: Provider, allowInsecureRequests: boolean): readonly string[] {
  const mistakes = findMistakes(providerSchema, given, 'provider')
  if (typeof given !== 'object' || given === null) return mistakes
  // The client keeps a copy of what is the provider's own: a class's methods would be lost without a word.
  const prototype: unknown = Object.getPrototypeOf(given)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return [...mistakes, 'provider must be a plain object, not an instance of a class']
  }
  const provider = ownMembers(given)
  const { tokenEndpoint, revocationEndpoint, issuer, issuerMetadata, api, apiOrigins } = provider
  const origins = mistakes.some((mistake) => mistake.startsWith('provider.apiOrigins')) ? [] : (apiOrigins ?? [])
  const urls: readonly (readonly [string, unknown])[] = [
    ...Object.entries({ tokenEndpoint, revocationEndpoint, issuer, api }),
    ...origins.map((origin, index) => [`apiOrigins.${index}`, origin] as const),
  ]
  const wrong = urls.flatMap(([name, value]) => {
    // What is neither was named above.
    if (typeof value !== 'string' && !(value instanceof URL)) return []
    const mistake = findUrlMistake(value, allowInsecureRequests)
    return mistake === undefined ? [] : [`provider.${name} ${mistake}`]
  })
  if (String(issuer).includes('/.well-known/')) {
    wrong.push('provider.issuer must be the issuer itself, without /.well-known/ and what follows')
  }
  if (provider.dpop === true && provider.tokenRequest?.method === 'GET') {
    wrong.push(
      'provider.tokenRequest.method must be POST with dpop: a proof is of one request, and openid-client proves a POST',
    )
  }
  if (issuerMetadata !== undefined && tokenEndpoint !== undefined) {
    wrong.push('provider.issuerMetadata has no use beside tokenEndpoint: no metadata is read then')
  }
  if (tokenEndpoint === undefined && issuer === undefined) {
    wrong.push('provider.tokenEndpoint is missing: set it, or `issuer` where its metadata names the endpoint')
  }
  return [...mistakes, ...wrong]
}

/**
 * A copy that a client works by: what the caller does to its own object later changes nothing, and nothing is inherited, so that
 * an `Object.prototype.apiOrigins` cannot widen where a token goes.
 */
export function copyDescription<Info>(given: Provider<Info>): Provider<Info> {
  const copy = ownMembers(given)
  const { tokenRequest, issuerMetadata, tokenRejection } = copy
  return Object.assign(copy, {
    ...(tokenRequest && { tokenRequest: ownMembers(tokenRequest) }),
    ...(issuerMetadata && { issuerMetadata: ownMembers(issuerMetadata) }),
    ...(tokenRejection && { tokenRejection: ownMembers(tokenRejection) }),
  })
}

/** Whether the issuer's metadata says how the client authenticates: where it is read, and the provider says nothing. */
export function choosesAuthenticationLater(provider: Provider): boolean {
  return provider.clientAuthentication === undefined && provider.tokenEndpoint === undefined
}
