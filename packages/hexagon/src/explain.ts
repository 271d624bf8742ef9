import type { Failure } from '@nightlatch/core'

/**
 * What the product guides say about failures, as hints.
 *
 * @param scopes what the provider asks for
 */
export function explainSmartApi(failure: Failure, scopes: readonly string[]): readonly string[] {
  if (!('code' in failure)) return failure.status === 401 || failure.status === 403 ? unmappedUser : []
  if (failure.code === 'invalid_options') return failure.message.includes('colon') ? [otherPlacement] : []
  // A web server that has no such path answers with a page, which is no answer of an authorization server.
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

/** The 6.x guide: of a scope made by Smart Cloud Portal, `<GUID> ingr.api`, the GUID alone is to be sent. */
function explainScope(scopes: readonly string[]): readonly string[] {
  const words = scopes.flatMap((scope) => scope.split(/\s+/))
  const id = words.find((word) => guid.test(word))
  const alone =
    id !== undefined && words.includes('ingr.api')
      ? `The scope asked for is "${words.join(' ')}". Of a value that Smart Cloud Portal created, only the GUID is to be sent: scopes: ['${id}'].`
      : "Of a value that Smart Cloud Portal created (<GUID> ingr.api), only the GUID is to be sent: scopes: ['<GUID>']."
  return [alone, 'Scopes are case sensitive, and each installation has its own: ask who registered the client.']
}

const otherPlacement =
  'The guides show the credentials in the header on one page and in the form on another: try clientAuthentication: clientSecretPost().'

const wrongCredentials: readonly string[] = [
  'Check the client id and the client secret with who registered the client.',
  'A secret that holds : + % = or another special character reads differently on different servers. The default is a Basic header with the secret as it is; clientSecretBasic() form-encodes it first.',
  otherPlacement,
]

const wrongEndpoint: readonly string[] = [
  'There is no token endpoint at this URL. /v1/token is appended to authorizationServer only, which must be the whole address (Okta: https://<host>/oauth2/<authorization server id>); Smart API Manager has https://<server>/sam/oauth/connect/token, which goes into tokenEndpoint.',
]

const unmappedUser: readonly string[] = [
  'A valid token is refused where the product knows no such user: under client credentials the `sub` claim is the client id, so a product user of that very name must exist and have roles.',
  "Check that the token's scope is the one this product's installation asks for.",
]
