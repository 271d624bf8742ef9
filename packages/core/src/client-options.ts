import * as v from 'valibot'
import type { AccessToken } from './acquire/access-token.ts'
import { requiredCredential } from './acquire/authentication-method.ts'
import { type CredentialsSource, findCredentialsMistakes } from './acquire/credentials.ts'
import { type DpopKeyPair, findDpopKeyMistake } from './acquire/dpop-key.ts'
import {
  choosesAuthenticationLater,
  findProviderMistakes,
  hasAssertionSource,
  type Provider,
} from './acquire/provider.ts'
import { parametersSchema, scopesSchema, type TokenParameters } from './acquire/token-request.ts'
import type { TokenStore } from './cache/token-store.ts'
import { labelSchema } from './client-label.ts'
import type { ClientEvent } from './events.ts'
import type { Fetch } from './platform/fetch.ts'
import { checkRuntime } from './platform/runtime.ts'
import { exactObject, findMistakes, refuseMistakes } from './platform/validation.ts'

/** Options of a client. */
export interface ClientOptions {
  /** The client's credentials, or a function that reads them, for example from a vault. */
  readonly credentials: CredentialsSource
  /** Scopes instead of the provider's; in a string, separated by spaces. */
  readonly scopes?: string | readonly string[]
  /** Parameters such as `audience` that are added to the provider's, and override them. */
  readonly parameters?: TokenParameters
  /** Shares tokens with other clients. Default: in memory, this client only. */
  readonly store?: TokenStore
  /** Transport for token and API requests. Default: the platform's `fetch`. */
  readonly fetch?: Fetch
  /** Seconds for a whole grant, retries included, or for a discovery; at most 600. Default 10. */
  readonly timeout?: number
  /**
   * Seconds after which a credentials function is called again before the next grant, for example to stop using a rotated
   * secret. Default: only when the server rejects what it returned, and after `forget()`.
   */
  readonly credentialsMaxAge?: number
  /**
   * The key that tokens are bound to, if the provider binds them. Its public key must be extractable, and its private key must
   * not be. Default: generated for the client; pass a key if processes share tokens through a store.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc9449 RFC 9449}
   */
  readonly dpopKey?: DpopKeyPair
  /** Permits plain http to other machines, which anyone on the network can read. Default `false`. */
  readonly allowInsecureRequests?: boolean
  /**
   * Names this client in messages, events, spans and metrics, if a program has several of one provider: 1 to 200 characters, none
   * of them a control character. A pool sets the tenant. It must not be a secret. Default: none.
   */
  readonly label?: string
  /** Called with each event, which never contains a secret. What it throws is ignored. */
  readonly onEvent?: (event: ClientEvent) => void
  /** Milliseconds since the epoch. Default `Date.now`; for tests. */
  readonly now?: () => number
}

/** Options of one call of `client.token`. */
export interface TokenOptions {
  /** Ends this caller's wait, never the shared grant. */
  readonly signal?: AbortSignal
  /** Scopes instead of the client's; in a string, separated by spaces. */
  readonly scopes?: string | readonly string[]
  /** Parameters that are added to the client's, and override them. */
  readonly parameters?: TokenParameters
  /** The token that the API rejected; `token` returns another. */
  readonly rejected?: AccessToken
  /**
   * Minimum lifetime of the token in seconds, from now on; more than 0, at most 604,800 (a week). A cached token with less is
   * replaced. If a new token has less, too, or the grant fails, `token` returns the one with the longest life: see its
   * `expiresAt`. Default: none.
   */
  readonly minimumLifetime?: number
}

/** Options of `client.with`. */
export interface ViewOptions {
  /** Scopes instead of the client's; in a string, separated by spaces. */
  readonly scopes?: string | readonly string[]
  /** Parameters that are added to the client's, and override them. */
  readonly parameters?: TokenParameters
}

const maxTimeoutSeconds = 600
const maxMinimumLifetimeSeconds = 604_800

const aFunction = v.function('must be a function')

/** A single string is a list of one, which is split at spaces later. */
const scopesOption = v.pipe(
  v.unknown(),
  v.transform((scopes) => (typeof scopes === 'string' ? [scopes] : scopes)),
  scopesSchema,
)

/** Each option of a client, with its checks. */
export const clientOptionsEntries: v.ObjectEntries = {
  credentials: v.unknown(),
  scopes: v.optional(scopesOption),
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
      v.maxValue(maxTimeoutSeconds, `must be at most ${maxTimeoutSeconds}; it is in seconds`),
    ),
  ),
  credentialsMaxAge: v.optional(
    v.pipe(
      v.number('must be a number of seconds'),
      v.finite('must be a number of seconds'),
      v.gtValue(0, 'must be more than 0 seconds'),
    ),
  ),
  dpopKey: v.optional(
    v.custom<DpopKeyPair>(
      (pair) => findDpopKeyMistake(pair) === undefined,
      ({ input }) => findDpopKeyMistake(input) ?? 'must be a CryptoKeyPair',
    ),
  ),
  allowInsecureRequests: v.optional(v.boolean('must be true or false')),
  label: v.optional(labelSchema),
  onEvent: v.optional(aFunction),
  now: v.optional(aFunction),
}

const clientOptionsSchema = exactObject(clientOptionsEntries, 'must be an object with at least `credentials`')

const viewOptionsSchema = exactObject(
  { scopes: v.optional(scopesOption), parameters: v.optional(parametersSchema) },
  'must be an object with `scopes` or `parameters`',
)

const tokenOptionsSchema = exactObject(
  {
    signal: v.optional(v.custom<AbortSignal>((signal) => signal instanceof AbortSignal, 'must be an AbortSignal')),
    scopes: v.optional(scopesOption),
    parameters: v.optional(parametersSchema),
    minimumLifetime: v.optional(
      v.pipe(
        v.number('must be a number of seconds'),
        v.gtValue(0, 'must be more than 0 seconds'),
        v.maxValue(maxMinimumLifetimeSeconds, `must be at most ${maxMinimumLifetimeSeconds}; it is in seconds`),
      ),
    ),
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
 * @param schema of the options
 * @throws NightlatchError `invalid_options`
 */
export function checkClient(
  provider: Provider,
  options: ClientOptions,
  schema: v.GenericSchema = clientOptionsSchema,
): void {
  checkRuntime()
  const known = typeof options === 'object' && options !== null ? options : undefined
  const mistakes = [
    ...findProviderMistakes(provider, known?.allowInsecureRequests === true),
    ...findMistakes(schema, options, 'options'),
    ...(known === undefined || !('credentials' in known)
      ? []
      : findCredentialsMistakes(
          known.credentials,
          requiredCredential(provider?.clientAuthentication),
          provider !== undefined && provider !== null && choosesAuthenticationLater(provider),
          hasAssertionSource(provider),
        )),
    ...(known?.credentialsMaxAge !== undefined && typeof known.credentials !== 'function'
      ? ['options.credentialsMaxAge is for a credentials function: give options.credentials as () => ...']
      : []),
    ...(known?.dpopKey !== undefined && provider?.dpop !== true
      ? ['options.dpopKey is for a provider that binds its tokens: one with `dpop: true`']
      : []),
  ]
  const name: unknown = provider?.name
  // What is no name may be anything that ended up in its place, a secret too.
  const isNamed = !mistakes.some((mistake) => mistake.startsWith('provider.name '))
  const label: unknown = known?.label
  const isLabelled = typeof label === 'string' && !mistakes.some((mistake) => mistake.startsWith('options.label '))
  refuseMistakes(mistakes, isNamed && typeof name === 'string' ? name : undefined, isLabelled ? label : undefined)
}

/**
 * Refuses wrong options of one call.
 *
 * @throws NightlatchError `invalid_options`
 */
export function checkTokenOptions(options: TokenOptions, provider: string, label: string | undefined): void {
  refuseMistakes(findMistakes(tokenOptionsSchema, options, 'options'), provider, label)
}

/**
 * Refuses wrong options of a view.
 *
 * @throws NightlatchError `invalid_options`
 */
export function checkViewOptions(options: ViewOptions, provider: string, label: string | undefined): void {
  refuseMistakes(findMistakes(viewOptionsSchema, options, 'options'), provider, label)
}
