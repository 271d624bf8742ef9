import type { Failure } from '@nightlatch/core'

/**
 * Returns the hints of the vendor's troubleshooting page for a failure.
 *
 * @see {@link https://doc.prevu3d.com/en/realityconnect/realityconnect-api/client-credentials-flow/ Client Credentials Flow, Troubleshooting}
 */
export function explainPrevu3d(failure: Failure): readonly string[] {
  if ('code' in failure) {
    if (failure.code === 'grant_refused' && failure.status === 401) return wrongCredentials
    return failure.code === 'discovery_failed' && failure.status === 403 ? threeLayers : []
  }
  if (failure.status === 403) return threeLayers
  return failure.status === 200 && failure.url.pathname.endsWith('/browse') && isEmptyList(failure.body)
    ? noContentAccess
    : []
}

const wrongCredentials: readonly string[] = [
  'Check the client id and the client secret: they are those of the OAuth application (Settings > OAuth) that uses the Client Credentials flow.',
  'The client sends them as Base64 of client_id:client_secret. Pass both as plain text, neither Base64-encoded nor percent-encoded.',
]

const threeLayers: readonly string[] = [
  'A request must pass all three layers of access.',
  'Layer 1, OAuth scopes: does the OAuth application (Settings > OAuth) have the permissions this call needs?',
  "Layer 2, content access: does the application's service user (Settings > Users, named like the application) see this node?",
  'Layer 3, role: does the service user have a role on this node that permits what the call does?',
]

const noContentAccess: readonly string[] = [
  'The list is empty: a new service user sees nothing yet. Give it content access and a role under Settings > Users (it is named like the OAuth application).',
]

/**
 * Whether a list of nodes is empty: an array, or an object that contains only empty arrays (its format is undocumented).
 */
function isEmptyList(body: unknown): boolean {
  if (Array.isArray(body)) return body.length === 0
  if (typeof body !== 'object' || body === null) return false
  const lists = Object.values(body).filter(Array.isArray)
  return lists.length > 0 && lists.every((list) => list.length === 0)
}
