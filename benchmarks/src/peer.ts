/** What a peer is to the benchmark: one way to hold a token, and to make requests with it. */

/** Where a session asks, and as whom. */
export interface Settings {
  readonly tokenEndpoint: string
  /** Any URL under it answers 200 to a token that lives, and 401 to all else. */
  readonly apiUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** Stands in for the network where a row stubs it; each peer puts it where it lets others in. */
  readonly fetch: typeof globalThis.fetch | undefined
}

/** One client at work. What a peer does not have is left out. */
export interface Session {
  /** A token from the peer's own cache, in whatever shape it has there. */
  readonly token?: () => Promise<unknown>
  /** The characters of such a token. */
  readonly reveal?: (token: unknown) => string
  /** A new token, whatever is cached. */
  readonly grant?: () => Promise<unknown>
  /** A GET request with the token on. */
  readonly send?: (url: string) => Promise<unknown>
  /** Reads what `send` brought to its end; resolves to the HTTP status. */
  readonly finish?: (answer: unknown) => Promise<number>
  /** A ky instance on the API's base URL; what is returned makes a GET request of a path below it. */
  readonly openApi?: () => Promise<(path: string) => Promise<unknown>>
  readonly close?: () => Promise<void>
}

/** A token of any of many tenants, from the peer's cache. */
export type Pool = (tenant: string) => Promise<unknown>

export interface Peer {
  /** Keeps a token and knows when it has ended; else its user does, and rows about that leave it out. */
  readonly caches: boolean
  readonly open: (settings: Settings) => Promise<Session>
  /** Many tenants; where it is left out, a `Map` of sessions, as a user would write it. */
  readonly openPool?: (settings: Settings, maxTenants: number) => Promise<Pool>
}

/** Reads a Response to its end. */
export async function finishResponse(answer: unknown): Promise<number> {
  const response = answer as Response
  await response.arrayBuffer()
  return response.status
}

/** What a token endpoint answers, as far as the benchmark's own does. */
export interface TokenAnswer {
  readonly access_token: string
  readonly expires_in: number
}

/** The grant written by hand, for peers that leave it to their user: one POST with a Basic header. */
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
  if (!response.ok) throw new Error(`The token endpoint answered ${response.status}.`)
  return (await response.json()) as TokenAnswer
}
