import { type AccessToken, type Fetch, NightlatchError } from '@nightlatch/core'
import { AuthorizedServer } from './authorized-server.ts'
import { type Challenge, readChallenge, splitScopes } from './challenge.ts'
import { chooseIssuer } from './choose-issuer.ts'
import type { McpAuthOptions } from './options.ts'
import { type MetadataTerms, readResourceMetadata, show } from './resource-metadata.ts'

/** What version 2 of the MCP SDK passes to `onUnauthorized`; only the response is read. */
export interface UnauthorizedContext {
  /** The response with status 401. */
  readonly response: Response
}

/** The capabilities of an MCP client that declare the extension. */
export interface McpCapabilities {
  readonly extensions: { readonly 'io.modelcontextprotocol/oauth-client-credentials': Record<string, never> }
}

const defaultTimeoutSeconds = 10

/** A token that is still rejected after this time makes the metadata be read again: the server may have another resource now. */
const minimumAgeSeconds = 60

/** See `mcpAuth`. */
export class ServerAuth {
  readonly #server: URL
  readonly #options: McpAuthOptions
  readonly #send: Fetch
  #pinned: string | undefined
  #authorized: AuthorizedServer | undefined
  #flight: Promise<AuthorizedServer> | undefined
  /** What `token` returned last. */
  #returned: AccessToken | undefined
  #isClosed = false

  readonly capabilities: McpCapabilities = {
    extensions: { 'io.modelcontextprotocol/oauth-client-credentials': {} },
  }

  constructor(server: URL, options: McpAuthOptions) {
    this.#server = server
    this.#options = options
    this.#pinned = options.issuer === undefined ? undefined : String(options.issuer)
    this.#send = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  }

  /** An arrow function, because a transport calls it without its object. */
  readonly fetch: Fetch = async (input, init) => {
    const request = typeof input === 'object' && 'clone' in input ? input : undefined
    this.#checkOrigin(new URL(request?.url ?? String(input)))
    const signal = init?.signal ?? request?.signal ?? undefined
    const isRepeatable = !isStream(init?.body)
    const attempt = (): Parameters<Fetch> => [request?.clone() ?? input, init]
    let server = this.#authorized
    if (server === undefined && isRepeatable) {
      const response = await this.#send(...attempt())
      if (response.status !== 401) return response
      const challenge = readChallenge(response)
      await response.body?.cancel()
      server = await this.#discover(challenge, signal)
    }
    // A body that can be sent only once goes with a token from the start.
    server ??= await this.#discover(undefined, signal)
    const response = await server.fetch(attempt, isRepeatable)
    if (response.status === 401) this.#distrust(server)
    return response
  }

  async token(): Promise<string | undefined> {
    if (this.#authorized === undefined) return undefined
    const token = await this.#authorized.token()
    if (token.type === 'DPoP') {
      const message =
        'mcp: `authProvider` cannot send DPoP proofs. Pass `fetch: auth.fetch` to the transport in its place.'
      throw new NightlatchError('invalid_options', message, { provider: 'mcp', label: this.#options.label })
    }
    this.#returned = token
    return token.value
  }

  async onUnauthorized({ response }: UnauthorizedContext): Promise<void> {
    const returned = this.#returned
    const server = this.#authorized ?? (await this.#discover(readChallenge(response), undefined))
    if (returned !== undefined) await server.token(returned)
  }

  async forget(): Promise<void> {
    const server = this.#authorized
    this.#authorized = undefined
    this.#returned = undefined
    await server?.forget()
    await server?.close()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#authorized?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Requests of one server share one discovery. */
  #discover(challenge: Challenge | undefined, signal: AbortSignal | undefined): Promise<AuthorizedServer> {
    if (this.#authorized !== undefined) return Promise.resolve(this.#authorized)
    this.#flight ??= this.#findServer(challenge).finally(() => {
      this.#flight = undefined
    })
    return untilAborted(this.#flight, signal)
  }

  async #findServer(challenge: Challenge = { error: undefined, scopes: [], resourceMetadata: undefined }) {
    const {
      timeout = defaultTimeoutSeconds,
      allowInsecureRequests = false,
      label,
      scopes,
      now = Date.now,
    } = this.#options
    const signal = AbortSignal.timeout(timeout * 1000)
    const terms: MetadataTerms = { server: this.#server, fetch: this.#send, allowInsecureRequests, label, signal }
    const metadata = await readResourceMetadata(challenge, terms).catch((failure: unknown) => {
      if (!signal.aborted) throw failure
      const message = `mcp: the resource metadata of ${show(this.#server)} was not read within ${timeout} s (options.timeout)`
      throw new NightlatchError('timed_out', message, { provider: 'mcp', retryable: true, label })
    })
    const issuer = chooseIssuer(metadata, this.#pinned, this.#options, terms)
    this.#pinned = issuer
    const required = challenge.scopes.length > 0 ? challenge.scopes : (metadata?.scopes ?? [])
    const server = new AuthorizedServer(
      {
        server: this.#server,
        issuer,
        resource: metadata?.resource ?? withoutQuery(this.#server),
        scopes: scopes === undefined ? required : typeof scopes === 'string' ? splitScopes(scopes) : scopes,
        bindsTokens: this.#options.dpop ?? metadata?.bindsTokens === true,
        discoveredAt: now() / 1000,
      },
      this.#options,
    )
    if (this.#isClosed) await server.close()
    this.#authorized = server
    return server
  }

  /** A server that rejects a new token, too, may have changed its metadata: it is read again, but not for each request. */
  #distrust(server: AuthorizedServer): void {
    const { now = Date.now } = this.#options
    if (this.#authorized !== server || now() / 1000 - server.discovery.discoveredAt < minimumAgeSeconds) return
    this.#authorized = undefined
    void server.close()
  }

  #checkOrigin({ origin }: URL): void {
    if (origin === this.#server.origin) return
    const message = `mcp: ${show(origin)} is not the MCP server's origin (${this.#server.origin}), so nothing was sent there. Use another mcpAuth() for it.`
    throw new NightlatchError('origin_refused', message, { provider: 'mcp', label: this.#options.label })
  }
}

/** Whether a body can be sent only once. */
function isStream(body: RequestInit['body'] | undefined): boolean {
  if (typeof body !== 'object' || body === null) return false
  return body instanceof ReadableStream || (Symbol.asyncIterator in body && !(body instanceof Blob))
}

function withoutQuery({ origin, pathname }: URL): string {
  return pathname === '/' ? origin : `${origin}${pathname}`
}

/** Ends one caller's wait, not the work that others wait for, too. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
