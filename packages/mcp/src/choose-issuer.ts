import { findNamedUrlMistake, isLoopback } from '@nightlatch/core'
import type { McpAuthOptions } from './options.ts'
import { failed, type MetadataTerms, type ResourceMetadata, show } from './resource-metadata.ts'

/** More names than these tell a reader nothing. */
const maxShown = 5

/**
 * Chooses the authorization server that the credentials go to: the caller's own, which the metadata must name, or the only one in
 * the metadata.
 *
 * @param pinned the caller's issuer, or the one of an earlier discovery
 * @throws NightlatchError `discovery_failed` if the credentials must not go to what the metadata names
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-7.6 RFC 9728 section 7.6}
 */
export function chooseIssuer(
  metadata: ResourceMetadata | undefined,
  pinned: string | undefined,
  options: McpAuthOptions,
  terms: MetadataTerms,
): string {
  const named = metadata?.authorizationServers ?? []
  const [first, second] = named
  const list = named
    .slice(0, maxShown)
    .map((one) => show(one))
    .join(', ')
  if (pinned !== undefined) {
    if (first === undefined || named.some((one) => isSame(one, pinned))) return pinned
    throw failed(
      terms,
      `names other authorization servers (${list}) than ${show(pinned)}, so no credentials were sent. If they belong to one of these, set \`issuer\` to it.`,
    )
  }
  if (metadata === undefined) {
    throw failed(terms, 'rejected a request without a token, but has no resource metadata. Set `issuer`.')
  }
  if (first === undefined) throw failed(terms, 'names no authorization server in its resource metadata. Set `issuer`.')
  if (second !== undefined) {
    throw failed(
      terms,
      `names several authorization servers: ${list}. Set \`issuer\` to the one that you registered at.`,
    )
  }
  const mistake = findNamedUrlMistake(first, terms.server, terms.allowInsecureRequests)
  if (mistake !== undefined) {
    throw failed(terms, `names an authorization server whose URL ${mistake}. If it is right, set \`issuer\` to it.`)
  }
  if (mayReceiveCredentials(new URL(first), options, terms)) return first
  throw failed(
    terms,
    `names the authorization server ${list}. A secret goes only to a server that you name: set \`issuer\` to it, if your credentials belong there.`,
  )
}

/** A signed assertion is of use at one authorization server only. A secret, or a JWT that another party signed, can be replayed. */
function mayReceiveCredentials(issuer: URL, options: McpAuthOptions, { server }: MetadataTerms): boolean {
  const { credentials, clientAuthentication } = options
  const hasKey = typeof credentials === 'object' && 'privateKey' in credentials && clientAuthentication === undefined
  return hasKey || issuer.origin === server.origin || (isLoopback(issuer) && isLoopback(server))
}

/** Two issuers that differ in the slash at the end only are one here; the issuer's own metadata is compared exactly. */
function isSame(one: string, other: string): boolean {
  return URL.canParse(one) && withoutSlash(one) === withoutSlash(other)
}

function withoutSlash(url: string): string {
  return new URL(url).href.replace(/\/$/, '')
}
