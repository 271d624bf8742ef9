import type { Claims } from './evidence.ts'
import type { Examination } from './examination.ts'
import { draftFinding, type Finding, skipped } from './finding.ts'
import { decodeJwt } from './jwt.ts'
import { showText } from './shown-text.ts'

/** Claims that identify the client, its access and the lifetime, without personal data. */
const shown = [
  ...['iss', 'aud', 'sub', 'exp', 'iat', 'nbf', 'scope', 'scp', 'scopes'],
  ...['client_id', 'cid', 'azp', 'appid', 'ingr.client_id', 'ver', 'token_use'],
] as const

/** Tolerated clock difference in seconds. */
const leeway = 60

/** Step `claims`: the claims of a token that is a JWT. Its signature is not verified, because that is the API's task. */
export function examineClaims({ evidence, knowledge }: Examination): Finding {
  const { granted } = evidence
  if (granted?.token === undefined) return skipped('there is no token')
  const decoded = decodeJwt(granted.token.value)
  if (decoded === undefined) {
    return skipped('the token is not a JWT, so only the API can read it; this is not a problem', { isJwt: false })
  }
  const { payload, algorithm } = decoded
  const finding = draftFinding()
  const claims: Record<string, Claims[string]> = {}
  for (const name of shown) {
    const value = Object.hasOwn(payload, name) ? readClaim(payload[name]) : undefined
    if (value !== undefined) claims[name] = value
  }
  evidence.claims = claims
  const others = Object.keys(payload).filter((name) => !(name in claims)).length
  finding.detail('isJwt', true)
  finding.detail('claims', claims)
  finding.detail('otherClaims', others)
  finding.detail('algorithm', algorithm)
  finding.saw(`a JWT, ${algorithm}; its signature is not checked here`)
  for (const [name, value] of Object.entries(claims)) finding.saw(`${name}: ${describe(name, value)}`)
  if (others > 0) finding.saw(`and ${others} other ${others === 1 ? 'claim' : 'claims'}, not shown`)
  if (knowledge.claimsRemark !== undefined) finding.saw(knowledge.claimsRemark)

  const now = Date.now() / 1000
  const { exp, iat, nbf } = claims
  const clock = 'Compare the clocks of this machine and of the server.'
  if (typeof exp === 'number' && exp < now - leeway) {
    finding.warn('exp has passed already: an API that checks it will reject this token', clock)
  }
  if ([iat, nbf].some((instant) => typeof instant === 'number' && instant > now + leeway)) {
    finding.warn('iat or nbf is in the future: an API may reject the token until then', clock)
  }
  const { namedLifetime } = evidence
  if (typeof exp === 'number' && typeof iat === 'number' && namedLifetime !== undefined) {
    if (Math.abs(exp - iat - namedLifetime) > leeway) {
      finding.warn(
        `by its claims the token lives ${exp - iat} s, by the response ${Math.round(namedLifetime)} s`,
        'The client uses the shorter of the two lifetimes. Other programs may expect the longer one, and get a 401.',
      )
    }
  }
  return finding.done()
}

function readClaim(value: unknown): Claims[string] | undefined {
  if (typeof value === 'string') return showText(value)
  if (typeof value === 'number') return value
  if (!Array.isArray(value)) return undefined
  return value
    .filter((one) => typeof one === 'string')
    .slice(0, 30)
    .map(showText)
}

function describe(name: string, value: Claims[string]): string {
  if (typeof value === 'number') {
    const instant = new Date(value * 1000)
    const isInstant = ['exp', 'iat', 'nbf'].includes(name) && !Number.isNaN(instant.getTime())
    return isInstant ? `${value} (${instant.toISOString()})` : String(value)
  }
  return typeof value === 'string' ? value : value.join(' ')
}
