import type { Prevu3dInfo } from '@nightlatch/prevu3d'
import type { Evidence } from './evidence.ts'
import { draftFinding, type Finding, skipped } from './finding.ts'
import type { ProviderKnowledge } from './provider-knowledge.ts'
import { showText } from './shown-text.ts'

/** Prevu3D, as described on its page 'Client Credentials Flow' and in its sample responses. */
export const prevu3dKnowledge: ProviderKnowledge = {
  tokenAddress: ({ cloudApiUrl }) => cloudApiUrl ?? 'https://cloud-api.prevu3d.com',
  describeInfo(info) {
    const { organization, scopes, apiUrl } = info as Prevu3dInfo
    const name = showText(organization.name)
    const id = showText(organization.id)
    const named = scopes.map(showText)
    return {
      saw: [`organisation: ${name} (${id})`, `scopes of the application: ${named.join(' ') || 'none'}`],
      details: { organization: { id, name }, scopes: named, apiUrl: showText(apiUrl) },
    }
  },
  harmlessCall: (info) => ({
    path: `v1/nodes/${encodeURIComponent((info as Prevu3dInfo).organization.id)}/browse`,
    documentedIn: 'Client Credentials Flow, step 5',
  }),
  judgeAccess,
  claimsRemark: 'the scopes of an application are in the discovery, not in the token',
}

/** Whether the call passed a layer of access. */
type Layer = 'passed' | 'missing' | 'unknown'

interface Layers {
  readonly oauthScopes: Layer
  readonly contentAccess: Layer
  readonly role: Layer
}

const scopesAdvice = 'Layer 1, OAuth scopes: give the OAuth application (Settings > OAuth) the permissions it needs.'
const contentAdvice =
  'Layer 2, content access: give the service user (Settings > Users, named like the OAuth application) content access to the nodes.'
const roleAdvice = 'Layer 3, role: give the service user a role on these nodes that permits what the calls do.'

/** Finds the missing layer of access, as far as the responses allow. */
function judgeAccess({ call, api, discoveryStatus }: Evidence): Finding {
  const finding = draftFinding()
  const conclude = (layers: Layers): Finding => {
    finding.detail('layers', layers)
    finding.saw(`layer 1, OAuth scopes: ${layers.oauthScopes}`)
    finding.saw(`layer 2, content access: ${layers.contentAccess}`)
    finding.saw(`layer 3, role: ${layers.role}`)
    return finding.done()
  }
  const nothingKnown: Layers = { oauthScopes: 'unknown', contentAccess: 'unknown', role: 'unknown' }
  if (call === undefined || api === undefined) {
    if (discoveryStatus !== 403) return skipped('the API responded to no call')
    finding.fail(
      'the discovery answered 403, which does not name the missing layer',
      scopesAdvice,
      contentAdvice,
      roleAdvice,
    )
    return conclude(nothingKnown)
  }

  const { scopes } = api.info as Prevu3dInfo
  const hasScopes = scopes.length > 0
  if (call.status === 403) {
    finding.fail('the API answered 403 to browsing the organisation, which does not name the layer')
    if (!hasScopes) {
      finding.advise(scopesAdvice)
      return conclude({ ...nothingKnown, oauthScopes: 'missing' })
    }
    finding.saw(`the application has ${scopes.map(showText).join(' ')}; the scope for browsing is not documented`)
    finding.saw('without content access the list is usually empty, not forbidden: check layers 1 and 3 first')
    finding.advise(scopesAdvice, roleAdvice, contentAdvice)
    return conclude(nothingKnown)
  }
  if (call.status === 401) {
    finding.fail(
      'the API rejects a token that the discovery accepted',
      'Check the region, then ask Prevu3D: the token is the cause, not one of the three layers.',
    )
    return conclude(nothingKnown)
  }
  if (call.status !== 200) return skipped(`a response with ${call.status} does not show whether the client has access`)

  const count = countNodes(call.body)
  finding.detail('nodes', count ?? null)
  if (count === undefined) {
    finding.saw('the response is not a known list, so its content is not shown')
    return conclude({ ...nothingKnown, oauthScopes: 'passed' })
  }
  if (count === 0) {
    finding.warn('the list is empty: most likely the service user has no content access yet', contentAdvice)
    finding.advise(roleAdvice)
    return conclude({ oauthScopes: 'passed', contentAccess: 'missing', role: 'unknown' })
  }
  finding.saw(`${count} ${count === 1 ? 'node' : 'nodes'} to see; this is about browsing; other calls may require more`)
  return conclude({ oauthScopes: 'passed', contentAccess: 'passed', role: 'passed' })
}

/** Counts the nodes of an array or of an object with arrays, because the response's shape is not documented. */
function countNodes(body: unknown): number | undefined {
  if (Array.isArray(body)) return body.length
  if (typeof body !== 'object' || body === null) return undefined
  const lists = Object.values(body).filter(Array.isArray)
  return lists.length === 0 ? undefined : lists.reduce((sum, list) => sum + list.length, 0)
}
