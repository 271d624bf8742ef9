import type { Failure } from '@nightlatch/core'

/**
 * Returns the hints of the product guides for a failure.
 *
 * @param scopes the scopes that the provider requests
 */
export function explainSmartApi(failure: Failure, scopes: readonly string[]): readonly string[] {
  if (!('code' in failure)) return failure.status === 401 || failure.status === 403 ? unmappedUser : []
  if (failure.code === 'invalid_options') return failure.message.includes('colon') ? [otherPlacement] : []
  // A web server responds to an unknown path with an HTML page, which is unreadable as a token response.
  if (failure.code === 'response_unreadable') return failure.status === 404 ? wrongEndpoint : []
  if (failure.code !== 'grant_refused') return []
  if (isInvalidScope(failure.error) || isInvalidScope(failure.errorDescription)) return explainScope(scopes)
  if (failure.status === 404) return wrongEndpoint
  return failure.status === 401 || failure.error === 'invalid_client' ? wrongCredentials : []
}

const guid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i

function isInvalidScope(text: string | undefined): boolean {
  return text !== undefined && /invalid[ _]scope/i.test(text)
}

/** The 6.x guide says to send only the GUID of a scope that Smart Cloud Portal created (`<GUID> ingr.api`). */
function explainScope(scopes: readonly string[]): readonly string[] {
  const words = scopes.flatMap((scope) => scope.split(/\s+/))
  const id = words.find((word) => guid.test(word))
  const alone =
    id !== undefined && words.includes('ingr.api')
      ? `The requested scope is "${words.join(' ')}". Of a value that Smart Cloud Portal created, send only the GUID: scopes: ['${id}'].`
      : "Of a value that Smart Cloud Portal created (<GUID> ingr.api), send only the GUID: scopes: ['<GUID>']."
  return [
    alone,
    'Scopes are case-sensitive, and each installation has its own. Ask the person who registered the client.',
  ]
}

const otherPlacement =
  'The guides show the credentials in the header on one page and in the form on another: try clientAuthentication: clientSecretPost().'

const wrongCredentials: readonly string[] = [
  'Check the client id and the client secret with the person who registered the client.',
  'Servers decode a secret with : + % = or another special character differently. The default is a Basic header with the unencoded secret; clientSecretBasic() form-encodes it.',
  otherPlacement,
]

const wrongEndpoint: readonly string[] = [
  'There is no token endpoint at this URL. /v1/token is appended to authorizationServer only, which must be the complete address (Okta: https://<host>/oauth2/<authorization server id>). For Smart API Manager, set tokenEndpoint to https://<server>/sam/oauth/connect/token.',
]

const unmappedUser: readonly string[] = [
  'The product rejects a valid token if it has no matching user. With client credentials the `sub` claim is the client id: a product user with exactly that name must exist and have roles.',
  "Check that the token's scope is the one that this product's installation requires.",
]
