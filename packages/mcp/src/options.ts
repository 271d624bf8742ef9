import {
  type ClientAuthentication,
  type ClientOptions,
  createClient,
  findNamedUrlMistake,
  findUnknownOptions,
  NightlatchError,
  type Provider,
} from '@nightlatch/core'

/** Options of `mcpAuth`: those of a client, and what an MCP server's metadata does not say. */
export interface McpAuthOptions extends ClientOptions {
  /**
   * The authorization server that the credentials belong to; no other one gets them. Default: the one that the MCP server names,
   * if it has the MCP server's origin, or if the credentials are a private key.
   */
  readonly issuer?: string | URL
  /** How the client authenticates. Default: a method in the authorization server's metadata that works with the credentials. */
  readonly clientAuthentication?: ClientAuthentication
  /** Whether tokens are bound to a key (RFC 9449). Default: whether the MCP server's metadata requires it. */
  readonly dpop?: boolean
  /** Whether a request that the MCP server rejects for its scopes is repeated once with more of them. Default `true`. */
  readonly stepUp?: boolean
}

const clientOptionNames = [
  'credentials',
  'scopes',
  'parameters',
  'store',
  'fetch',
  'timeout',
  'credentialsMaxAge',
  'dpopKey',
  'allowInsecureRequests',
  'label',
  'onEvent',
  'now',
] as const satisfies readonly (keyof ClientOptions)[]

const ownOptionNames = ['issuer', 'clientAuthentication', 'dpop', 'stepUp'] as const

/** The options of `mcpAuth` that `createClient` has, too. */
export function clientOptionsOf(options: McpAuthOptions): ClientOptions {
  const entries = clientOptionNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]]))
  return Object.fromEntries(entries) as unknown as ClientOptions
}

/** The provider of an MCP server: what its metadata and the options say. */
export function describeProvider(
  { clientAuthentication }: McpAuthOptions,
  found: Pick<Provider, 'issuer' | 'parameters' | 'api' | 'dpop'>,
): Provider {
  return {
    name: 'mcp',
    ...found,
    ...(clientAuthentication !== undefined && { clientAuthentication }),
  }
}

/**
 * Refuses wrong arguments, all of them at once where that is possible.
 *
 * @throws NightlatchError `invalid_options`
 */
export function checkArguments(serverUrl: unknown, options: unknown): void {
  const names = [...clientOptionNames, ...ownOptionNames]
  const known: Partial<McpAuthOptions> = typeof options === 'object' && options !== null ? options : {}
  const isUrl = typeof serverUrl === 'string' || serverUrl instanceof URL
  const insecure = known.allowInsecureRequests === true
  const url = isUrl ? findUrlMistake(serverUrl, insecure) : 'must be a URL, as a string or a URL object'
  const mistakes = [...findUnknownOptions(options, names), ...findOwnMistakes(known, insecure)]
  if (url !== undefined) mistakes.unshift(`serverUrl ${url}`)
  if (mistakes.length > 0) {
    const message = `mcpAuth: ${mistakes.join('; ').replaceAll('?; ', '? ')}`
    throw new NightlatchError('invalid_options', message, { provider: 'mcp' })
  }
  // A client checks the rest. It sends nothing before its first call, so this one is dropped.
  const issuer = known.issuer ?? new URL(serverUrl as string)
  const provider = describeProvider(known as McpAuthOptions, {
    issuer,
    ...(known.dpop !== undefined && { dpop: known.dpop }),
  })
  createClient(provider, typeof options === 'object' ? clientOptionsOf(known as McpAuthOptions) : (options as never))
}

function findOwnMistakes({ issuer, stepUp }: Partial<McpAuthOptions>, insecure: boolean): string[] {
  const mistakes: string[] = []
  if (issuer !== undefined) {
    const isUrl = typeof issuer === 'string' || issuer instanceof URL
    const mistake = isUrl ? findUrlMistake(issuer, insecure) : 'must be a URL, as a string or a URL object'
    if (mistake !== undefined) mistakes.push(`options.issuer ${mistake}`)
  }
  if (stepUp !== undefined && typeof stepUp !== 'boolean') mistakes.push('options.stepUp must be true or false')
  return mistakes
}

/** A URL of the caller's own may lead anywhere, so it is checked against itself. */
function findUrlMistake(value: string | URL, insecure: boolean): string | undefined {
  return URL.canParse(value) ? findNamedUrlMistake(value, new URL(value), insecure) : 'must be an absolute URL'
}
