/** The benchmark's interface of a peer: how it caches a token and makes requests with it. */

/** The addresses and credentials of a session. */
export interface Settings {
  readonly tokenEndpoint: string
  /** Any URL below responds with 200 to a valid token, otherwise with 401. */
  readonly apiUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** Replaces the network in rows that stub it; each peer passes it to its own transport option. */
  readonly fetch: typeof globalThis.fetch | undefined
}

/** One client; what a peer does not support is absent. */
export interface Session {
  /** Returns a token from the peer's cache, in its own format. */
  readonly token?: () => Promise<unknown>
  /** Returns the token's characters. */
  readonly reveal?: (token: unknown) => string
  /** Requests a new token regardless of the cache. */
  readonly grant?: () => Promise<unknown>
  /** Makes a GET request with the token. */
  readonly send?: (url: string) => Promise<unknown>
  /** Reads the response of `send` completely and resolves to its HTTP status. */
  readonly finish?: (answer: unknown) => Promise<number>
  /** Creates a ky instance on the API's base URL and returns a function that requests a path. */
  readonly openApi?: () => Promise<(path: string) => Promise<unknown>>
  readonly close?: () => Promise<void>
}

/** Returns a tenant's token from the peer's cache. */
export type Pool = (tenant: string) => Promise<unknown>

export interface Peer {
  /** Whether the peer caches tokens until they expire; rows about caches omit other peers. */
  readonly caches: boolean
  readonly open: (settings: Settings) => Promise<Session>
  /** Opens a pool for many tenants; default a `Map` of sessions, as a user would write it. */
  readonly openPool?: (settings: Settings, maxTenants: number) => Promise<Pool>
}

/** Reads a Response completely. */
export async function finishResponse(answer: unknown): Promise<number> {
  const response = answer as Response
  await response.arrayBuffer()
  return response.status
}

/** The token response of the benchmark's server. */
export interface TokenAnswer {
  readonly access_token: string
  readonly expires_in: number
}

/** A hand-written grant for peers without one: a POST with a Basic header. */
export async function grantByHand(settings: Settings): Promise<TokenAnswer> {
  const { tokenEndpoint, clientId, clientSecret, fetch = globalThis.fetch } = settings
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`)}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: 'grant_type=client_credentials',
  })
  if (!response.ok) throw new Error(`The token endpoint responded with ${response.status}.`)
  return (await response.json()) as TokenAnswer
}
