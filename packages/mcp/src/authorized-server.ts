import { type AccessToken, type Client, createClient, type Fetch } from '@nightlatch/core'
import { type Challenge, readChallenge } from './challenge.ts'
import { clientOptionsOf, describeProvider, type McpAuthOptions } from './options.ts'

/** What the discovery of an MCP server found. */
export interface Discovery {
  readonly server: URL
  readonly issuer: string
  readonly resource: string
  /** To request at first. */
  readonly scopes: readonly string[]
  /** Whether tokens are bound to a key (RFC 9449). */
  readonly bindsTokens: boolean
  /** Seconds since the epoch. */
  readonly discoveredAt: number
}

/** The scopes that are requested, and the view of the client that requests them. */
interface Level {
  readonly scopes: readonly string[]
  readonly client: Client
}

/** An MCP server whose authorization server is known: requests carry a token for it. */
export class AuthorizedServer {
  readonly discovery: Discovery
  readonly #client: Client
  readonly #mayStepUp: boolean
  #level: Level
  /** Step-ups run one after the other, so that the second knows the scopes of the first. */
  #steps: Promise<unknown> = Promise.resolve()

  constructor(discovery: Discovery, options: McpAuthOptions) {
    const { server, issuer, resource, scopes, bindsTokens: dpop } = discovery
    const { parameters, scopes: _, ...rest } = clientOptionsOf(options)
    const provider = describeProvider(options, { issuer, api: server.origin, dpop, parameters: { resource } })
    this.discovery = discovery
    this.#mayStepUp = options.stepUp !== false
    this.#client = createClient(provider, {
      ...rest,
      ...(parameters !== undefined && { parameters }),
      ...(scopes.length > 0 && { scopes }),
    })
    this.#level = { scopes, client: this.#client }
  }

  token(rejected?: AccessToken): Promise<AccessToken> {
    return this.#level.client.token(rejected === undefined ? undefined : { rejected })
  }

  /** Sends a request with a token, and once more with a token for more scopes if the server requires them. */
  async fetch(attempt: () => Parameters<Fetch>, isRepeatable: boolean): Promise<Response> {
    const level = this.#level
    const response = await level.client.fetch(...attempt())
    if (response.status !== 403 || !this.#mayStepUp) return response
    const challenge = readChallenge(response)
    if (challenge.error !== 'insufficient_scope') return response
    const next = await this.#stepUp(level, challenge)
    if (next === undefined || !isRepeatable) return response
    await response.body?.cancel()
    return await next.client.fetch(...attempt())
  }

  forget(): Promise<void> {
    return this.#client.forget()
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  /**
   * Gets a token for the scopes that were requested and granted before and those of the challenge: with the challenge's alone, the
   * token would lose what other calls need.
   *
   * @param sent the level that the rejected request was sent at
   * @returns `undefined` if its token had these scopes already
   */
  async #stepUp(sent: Level, challenge: Challenge): Promise<Level | undefined> {
    const step = this.#steps.then(async () => {
      const current = this.#level
      if (challenge.scopes.every((scope) => sent.scopes.includes(scope))) return undefined
      if (challenge.scopes.every((scope) => current.scopes.includes(scope))) return current
      const { scopes: granted = [] } = await current.client.token()
      const scopes = unite(current.scopes, granted, challenge.scopes)
      const next = { scopes, client: this.#client.with({ scopes }) }
      await next.client.token()
      this.#level = next
      return next
    })
    // The caller of the failed step gets its error.
    this.#steps = step.catch(() => {})
    return await step
  }
}

function unite(...lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())]
}
