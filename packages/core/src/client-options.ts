import * as v from 'valibot'
import type { AccessToken } from './acquire/access-token.ts'
import { type CredentialsSource, findCredentialsMistakes } from './acquire/credentials.ts'
import type { DpopKeyPair } from './acquire/dpop.ts'
import { choosesAuthenticationLater, findProviderMistakes, type Provider } from './acquire/provider.ts'
import { parametersSchema, scopesSchema, type TokenParameters } from './acquire/token-request.ts'
import type { TokenStore } from './cache/token-store.ts'
import type { ClientEvent } from './events.ts'
import { checkRuntime } from './platform/runtime.ts'
import { exactObject, findMistakes, refuseMistakes } from './platform/validation.ts'

/** What a client is made of besides its provider. */
export interface ClientOptions {
  /** Who the client is, or a function that reads it where it lives. */
  readonly credentials: CredentialsSource
  /** Instead of the provider's. */
  readonly scopes?: readonly string[]
  /** Added to the provider's, and winning over them: audience, resource, ... */
  readonly parameters?: TokenParameters
  /** Shares tokens with other clients. Default: in memory, this client only. */
  readonly store?: TokenStore
  /** Transport for token and API requests. Default: the platform's `fetch`. */
  readonly fetch?: typeof globalThis.fetch
  /** Seconds for a whole grant, or for a whole discovery; up to a day. Default 10. */
  readonly timeout?: number
  /**
   * What tokens are bound to, where the provider binds them; its public key must be extractable. Default: one is made for the
   * client, and is gone with it; give one where processes share tokens through a store.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc9449 RFC 9449}
   */
  readonly dpopKey?: DpopKeyPair
  /** Permits plain http to other machines than this one, which anybody on the way can read. Default `false`. */
  readonly allowInsecureRequests?: boolean
  /** Told what happened; never sees a secret, and its failures never reach a caller. */
  readonly onEvent?: (event: ClientEvent) => void
  /** Milliseconds since the epoch. Default `Date.now`; for tests. */
  readonly now?: () => number
}

/** How one call for a token differs from the client's own. */
export interface TokenOptions {
  /** Ends this caller's wait, never the shared grant. */
  readonly signal?: AbortSignal
  /** Instead of the client's. */
  readonly scopes?: readonly string[]
  /** Added to the client's, and winning over them. */
  readonly parameters?: TokenParameters
  /** The API refused this one: answer with another. */
  readonly rejected?: AccessToken
}

const aFunction = v.function('must be a function')

/** openid-client, which signs with it, judges its algorithm. */
function isDpopKey(value: unknown): boolean {
  const { privateKey, publicKey } = (value ?? {}) as Partial<DpopKeyPair>
  return privateKey?.usages?.includes('sign') === true && publicKey?.extractable === true
}

const clientOptionsSchema = exactObject(
  {
    credentials: v.unknown(),
    scopes: v.optional(scopesSchema),
    parameters: v.optional(parametersSchema),
    store: v.optional(
      v.looseObject(
        { get: aFunction, set: aFunction, delete: aFunction, lock: v.optional(aFunction) },
        'must be a token store, with get, set and delete',
      ),
    ),
    fetch: v.optional(aFunction),
    timeout: v.optional(
      v.pipe(
        v.number('must be a number of seconds'),
        v.gtValue(0, 'must be more than 0 seconds'),
        v.maxValue(24 * 3600, 'must be a day at most; it is in seconds'),
      ),
    ),
    dpopKey: v.optional(
      v.custom<DpopKeyPair>(isDpopKey, 'must be a CryptoKeyPair that signs, with an extractable public key'),
    ),
    allowInsecureRequests: v.optional(v.boolean('must be true or false')),
    onEvent: v.optional(aFunction),
    now: v.optional(aFunction),
  },
  'must be an object with at least `credentials`',
)

const tokenOptionsSchema = exactObject(
  {
    signal: v.optional(v.custom<AbortSignal>((signal) => signal instanceof AbortSignal, 'must be an AbortSignal')),
    scopes: v.optional(scopesSchema),
    parameters: v.optional(parametersSchema),
    rejected: v.optional(
      v.custom<AccessToken>(
        (token) => typeof token === 'object' && token !== null && 'value' in token,
        'must be an access token that client.token() answered',
      ),
    ),
  },
  'must be an object',
)

/**
 * Refuses a wrong provider, wrong options and wrong credentials, all mistakes at once.
 *
 * @throws NightlatchError `invalid_options`
 */
export function checkClient(provider: Provider<unknown>, options: ClientOptions): void {
  checkRuntime()
  const known = typeof options === 'object' && options !== null ? options : undefined
  const mistakes = [
    ...findProviderMistakes(provider, known?.allowInsecureRequests === true),
    ...findMistakes(clientOptionsSchema, options, 'options'),
    ...(known === undefined || !('credentials' in known)
      ? []
      : findCredentialsMistakes(
          known.credentials,
          provider?.clientAuthentication,
          provider !== undefined && provider !== null && choosesAuthenticationLater(provider),
        )),
    ...(known?.dpopKey !== undefined && provider?.dpop !== true
      ? ['options.dpopKey is for a provider that binds its tokens: one with `dpop: true`']
      : []),
  ]
  const name: unknown = provider?.name
  // What is no name may be anything that ended up in its place, a secret too.
  const isNamed = !mistakes.some((mistake) => mistake.startsWith('provider.name '))
  refuseMistakes(mistakes, isNamed && typeof name === 'string' ? name : undefined)
}

/**
 * Refuses wrong options of one call.
 *
 * @throws NightlatchError `invalid_options`
 */
export function checkTokenOptions(options: TokenOptions, provider: string): void {
  refuseMistakes(findMistakes(tokenOptionsSchema, options, 'options'), provider)
}
