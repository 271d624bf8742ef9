import type { Evidence } from './evidence.ts'
import { draftFinding, type Finding, skipped } from './finding.ts'
import type { ProviderKnowledge } from './provider-knowledge.ts'

/** Any product behind the Smart API. */
export const smartApiKnowledge: ProviderKnowledge = {
  tokenAddress: ({ tokenEndpoint, authorizationServer, issuer }) => issuer ?? tokenEndpoint ?? authorizationServer,
  harmlessCall: () => ({ path: '', documentedIn: undefined }),
  judgeAccess,
}

/** Smart Completions, whose service document is documented. */
export const smartCompletionsKnowledge: ProviderKnowledge = {
  ...smartApiKnowledge,
  harmlessCall: () => ({ path: '', documentedIn: 'Smart API Reference Guide 5.3.24, service document' }),
}

/** Judges whether the product has a user with the name in the token's `sub`. */
function judgeAccess({ call, claims, granted }: Evidence, clientId: string): Finding {
  if (granted === undefined) return skipped('it takes a token')
  const finding = draftFinding()
  const sub = claims?.sub
  const isNamed = typeof sub === 'string' && sub !== ''
  const user = isNamed ? `"${sub}"` : 'named as the client id'
  finding.detail('sub', isNamed ? sub : null)
  finding.detail('isClientId', isNamed ? sub === clientId : null)
  if (isNamed) {
    finding.saw(`sub: ${sub}${sub === clientId ? ', the client id' : ', which is not the client id'}`)
    finding.saw('the product looks for a user of that name, and for the roles of that user')
  } else if (claims === undefined) {
    finding.saw('the token cannot be read, so its sub is not known; under client credentials it is the client id')
  } else {
    finding.warn(
      'the token has no sub, by which the product finds its user',
      'Have the authorization server put the client id into the sub claim (Okta: a claim sub with app.clientId).',
    )
  }

  if (call === undefined) {
    finding.saw('the API responded to no call, so whether there is such a user is not known')
    const { saw, advice, details } = finding.done()
    return { status: 'skipped', saw, advice, details }
  }
  finding.detail('userExists', call.status === 200 && !call.isWebPage ? true : null)
  if (call.status === 200) finding.saw('the API responded, so it seems to know that user')
  else if (call.status === 401 || call.status === 403) {
    finding.fail(
      `the API rejected a valid token with ${call.status}: usually there is no such user, or it has no roles`,
      `In the product, make a user ${user} and give it roles for the Smart API; the name must be the same, letter by letter.`,
      "Check that the requested scope is the one of this product's installation.",
    )
  } else finding.saw(`a response with ${call.status} does not show whether there is such a user`)
  return finding.done()
}
