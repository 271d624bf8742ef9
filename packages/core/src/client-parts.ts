import type { Grantor } from './acquire/acquire-token.ts'
import {
  CredentialsReader,
  type CredentialsReaderOptions,
  type CredentialsSource,
  type GrantClient,
  type TenantCredentials,
} from './acquire/credentials.ts'
import { DpopProofs } from './acquire/dpop.ts'
import { createEndpointFinder } from './acquire/endpoint-finder.ts'
import { describeLateness, explainFailure } from './acquire/explain-failure.ts'
import { copyDescription, hasAssertionSource, type Provider } from './acquire/provider.ts'
import type { RevokeToken } from './acquire/revoke-token.ts'
import type { TokenEndpoint, Transport } from './acquire/token-endpoint.ts'
import { refineGrant } from './acquire/token-request.ts'
import { grantIdentity } from './cache/cache-key.ts'
import { createSteadyClock } from './cache/steady-clock.ts'
import type { TokenSharing, TokenSharingOptions } from './cache/token-sharing.ts'
import type { TokenSourceParts } from './cache/token-source.ts'
import type { ClientOptions } from './client-options.ts'
import { createDiagnostics, type Diagnostics, type Subscribable } from './diagnostics.ts'
import { type Emit, toEmit } from './events.ts'
import type { Fetch } from './platform/fetch.ts'
import { InFlightRequests } from './platform/in-flight-requests.ts'
import { loadOnce } from './platform/load-once.ts'
import { ownMembers } from './platform/validation.ts'

/** The parts of a client other than its credentials. The clients of a pool with one provider share them. */
export interface ClientParts<Info> extends TokenSourceParts {
  /** The caller's own object, which `client.provider` returns. */
  readonly given: Provider<Info>
  /** A copy, so that later changes of the caller's object have no effect. */
  readonly provider: Provider<Info>
  /** For API requests: the given `fetch` as it is. */
  readonly transport: Transport
  readonly findEndpoint: (signal: AbortSignal) => Promise<TokenEndpoint>
  /** Ends background work other than refreshes. */
  readonly close: () => void
  readonly emit: Emit
  readonly diagnostics: Diagnostics
  /** Reads the issuer's metadata anew with the next grant. */
  readonly forgetMetadata: () => void
  readonly createReader: (
    source: CredentialsSource | TenantCredentials,
    options: Pick<CredentialsReaderOptions, 'tenant' | 'label'>,
  ) => CredentialsReader
  /** The client's own requests to the authorization server, which must not wait for a token. */
  readonly ownRequests: InFlightRequests
  readonly prepareRevocation: (client: GrantClient) => Promise<RevokeToken>
}

const always: Subscribable = { hasSubscribers: true }
const never: Subscribable = { hasSubscribers: false }

const defaultTimeoutSeconds = 10

/** Creates the parts of a client, or those that the clients of a pool share. */
export function createSharedParts<Info>(
  given: Provider<Info>,
  givenOptions: Omit<ClientOptions, 'credentials'>,
): ClientParts<Info> {
  const provider = copyDescription(given)
  const options = ownMembers(givenOptions)
  const { store, label, timeout = defaultTimeoutSeconds, credentialsMaxAge, allowInsecureRequests = false } = options
  // Platform functions are looked up at each call, because a program may replace them later.
  const now = options.now ?? (() => Date.now())
  // A given clock is the only one, so that a test controls it.
  const time = createSteadyClock(now, options.now === undefined ? undefined : () => 0)
  const diagnostics = createDiagnostics()
  const emit = toEmit(options.onEvent, diagnostics.events)
  const listeners = options.onEvent === undefined ? (diagnostics.events ?? never) : always
  const random = Math.random
  const fetch: Fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const transport: Transport = { fetch, allowInsecureRequests, now, time }
  const ownRequests = new InFlightRequests()
  // For requests to the authorization server.
  const watched: Transport = { ...transport, fetch: ownRequests.watch(fetch) }
  const { find: findEndpoint, forget: forgetMetadata, close } = createEndpointFinder(provider, watched, timeout)
  const grantor: Grantor = { provider, transport: watched, findEndpoint, emit, diagnostics, random }
  const grants = loadOnce(() => import('./acquire/acquire-token.ts'))
  const defaultGrant = refineGrant(refineGrant({ scopes: [], parameters: {} }, provider), options)
  const givenDpop = options.dpopKey && new DpopProofs(options.dpopKey, now)
  const createDpop = (): DpopProofs | undefined =>
    provider.dpop === true ? (givenDpop ?? new DpopProofs(undefined, now)) : undefined
  const expiry = credentialsMaxAge === undefined ? undefined : { maxAge: credentialsMaxAge, time }
  const credentialsTerms = { provider: provider.name, hasAssertionSource: hasAssertionSource(provider), expiry }
  return {
    given,
    provider,
    transport,
    findEndpoint,
    close,
    emit,
    listeners,
    diagnostics,
    forgetMetadata,
    createReader: (source, { tenant, label }) =>
      new CredentialsReader(source, credentialsTerms, { dpop: createDpop(), tenant, label }),
    ownRequests,
    defaultGrant,
    defaultIdentity: grantIdentity(defaultGrant),
    async acquire(client, grant, terms) {
      const { acquireToken } = grants.loaded ?? (await grants.load())
      return await acquireToken(grantor, client, grant, terms)
    },
    sharing: store && shareWhenNeeded({ provider, store, transport, timeout, emit, diagnostics, label }),
    time,
    timeout,
    timeoutError: (seconds) => explainFailure(provider, describeLateness(provider, seconds)),
    random,
    async prepareRevocation(client) {
      const { prepareRevocation } = await import('./acquire/revoke-token.ts')
      return await prepareRevocation({ provider, transport: watched, findEndpoint, timeout }, client)
    },
  }
}

/** Shares tokens by code that is loaded when it is first needed. */
function shareWhenNeeded(options: TokenSharingOptions): TokenSharing {
  const sharing = loadOnce(async () => {
    const { shareTokens } = await import('./cache/token-sharing.ts')
    return shareTokens(options)
  })
  return {
    async open(...terms) {
      return await (sharing.loaded ?? (await sharing.load())).open(...terms)
    },
    async acquireForFleet(...terms) {
      return await (sharing.loaded ?? (await sharing.load())).acquireForFleet(...terms)
    },
    async forget(...terms) {
      await (sharing.loaded ?? (await sharing.load())).forget(...terms)
    },
  }
}
