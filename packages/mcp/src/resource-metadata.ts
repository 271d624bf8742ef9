import {
  explainNetworkFailure,
  type Fetch,
  findNamedUrlMistake,
  NightlatchError,
  readBodyText,
  readNetworkFailure,
} from '@nightlatch/core'
import { type Challenge, isScope } from './challenge.ts'

/** The members of a protected resource's metadata that are used. */
export interface ResourceMetadata {
  /** As the metadata has it, because authorization servers compare it character by character. */
  readonly resource: string
  readonly authorizationServers: readonly string[]
  readonly scopes: readonly string[]
  /** Whether the server accepts only tokens that are bound to a key (RFC 9449). */
  readonly bindsTokens: boolean
}

/** How metadata is read. */
export interface MetadataTerms {
  readonly server: URL
  readonly fetch: Fetch
  readonly allowInsecureRequests: boolean
  readonly label: string | undefined
  readonly signal: AbortSignal
}

/**
 * Reads an MCP server's metadata: at the URL that its challenge names, else at the well-known URL of its path, else at that of its
 * origin.
 *
 * @returns `undefined` if the challenge names no URL and the server has no metadata at the well-known ones
 * @throws NightlatchError `discovery_failed`
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-3 RFC 9728 section 3}
 */
export async function readResourceMetadata(
  challenge: Challenge,
  terms: MetadataTerms,
): Promise<ResourceMetadata | undefined> {
  const named = challenge.resourceMetadata
  if (named !== undefined) {
    const mistake = findNamedUrlMistake(named, terms.server, terms.allowInsecureRequests)
    if (mistake !== undefined) {
      throw failed(terms, `names resource metadata whose URL ${mistake}`)
    }
    const found = await readFrom(new URL(named), terms)
    if (found === undefined) throw failed(terms, `names resource metadata at ${show(named)}, where there is none`)
    return found
  }
  const { origin, pathname } = terms.server
  const wellKnown = '/.well-known/oauth-protected-resource'
  const path = pathname.replace(/\/$/, '')
  for (const url of new Set([`${origin}${wellKnown}${path}`, `${origin}${wellKnown}`])) {
    const found = await readFrom(new URL(url), terms)
    if (found !== undefined) return found
  }
  return undefined
}

/** @returns `undefined` for a status that says there is no metadata */
async function readFrom(url: URL, terms: MetadataTerms): Promise<ResourceMetadata | undefined> {
  const { server, fetch, signal } = terms
  const place = show(url)
  const { status, text } = await request(url, terms, fetch, signal)
  if (status === 429 || status >= 500) {
    throw failed(terms, `has its resource metadata at ${place}, which responded with status ${status}`, true)
  }
  if (status >= 400) return undefined
  if (status !== 200) {
    throw failed(terms, `has its resource metadata at ${place}, which responded with status ${status} instead of 200`)
  }
  const metadata = parse(text)
  if (metadata === undefined) {
    throw failed(terms, `has its resource metadata at ${place}, which holds no JSON object with a \`resource\` URL`)
  }
  // Metadata of another resource would get tokens for that one (RFC 9728 section 3.3).
  if (!covers(metadata.resource, server)) {
    throw failed(terms, `has resource metadata at ${place} for another resource, ${show(metadata.resource)}`)
  }
  return metadata
}

/** No redirect is followed, because it could lead to another server's metadata. */
async function request(
  url: URL,
  terms: MetadataTerms,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string | undefined }> {
  try {
    const headers = { accept: 'application/json' }
    const response = await fetch(url.href, { headers, redirect: 'manual', signal })
    return { status: response.status, text: await readBodyText(response) }
  } catch (failure) {
    if (signal.aborted) throw signal.reason
    const reason = readNetworkFailure(failure)
    const { said, hints } = explainNetworkFailure(reason)
    throw failed(terms, `has its resource metadata at ${show(url)}, which ${said}`, reason.retryable, hints)
  }
}

function parse(text: string | undefined): ResourceMetadata | undefined {
  try {
    const body = JSON.parse(text ?? '') as Readonly<Record<string, unknown>> | null
    const resource = body?.resource
    if (typeof resource !== 'string' || !URL.canParse(resource)) return undefined
    return {
      resource,
      authorizationServers: strings(body?.authorization_servers),
      scopes: strings(body?.scopes_supported).filter(isScope),
      bindsTokens: body?.dpop_bound_access_tokens_required === true,
    }
  } catch {
    return undefined
  }
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && one !== '') : []
}

/** Whether a resource holds the server: it has the same origin, and its path is the server's or one above it. */
function covers(resource: string, server: URL): boolean {
  const { origin, pathname, hash } = new URL(resource)
  const path = pathname.replace(/\/$/, '')
  const isAbove = server.pathname === path || server.pathname.startsWith(`${path}/`)
  return origin === server.origin && hash === '' && isAbove
}

/** An error about an MCP server, as the end of a sentence. */
export function failed(
  { server, label }: Pick<MetadataTerms, 'server' | 'label'>,
  what: string,
  retryable = false,
  hints: readonly string[] = [],
): NightlatchError {
  const message = `mcp: the MCP server ${show(server)} ${what}`
  return new NightlatchError('discovery_failed', message, { provider: 'mcp', retryable, hints, label })
}

/** A URL for messages: a query may hold a secret. */
export function show(url: string | URL): string {
  if (!URL.canParse(url)) return 'a text that is no URL'
  const { origin, pathname } = new URL(url)
  return pathname === '/' ? origin : `${origin}${pathname}`
}
