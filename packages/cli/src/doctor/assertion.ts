import { NightlatchError } from '@nightlatch/core'
import { inWords } from '../duration-words.ts'
import type { Examination } from './examination.ts'
import { draftFinding, type Finding, skipped } from './finding.ts'
import { decodeJwt } from './jwt.ts'
import { showText } from './shown-text.ts'
import { withinTime } from './within-time.ts'

/** The audience that Entra requires, but for its national clouds. */
const entraAudience = 'api://AzureADTokenExchange'

/** The claims that an authorization server compares with what is registered. */
interface RegisteredClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string
}

/** Step `assertion`: asks the source for its JWT, and shows the claims and what to register, never the JWT. */
export async function examineAssertion({ provider, timeout, output }: Examination): Promise<Finding> {
  const source = provider?.clientAuthentication?.source
  if (source === undefined) return skipped('the settings are not complete')
  const finding = draftFinding()
  finding.saw(`source: ${showText(source.name)}`)
  let jwt: string | undefined
  try {
    jwt = await withinTime(Promise.resolve(source()), timeout)
  } catch (failure) {
    // Errors of other sources than the package's may quote the JWT.
    if (failure instanceof NightlatchError) finding.fail(failure.message, ...failure.hints)
    else
      finding.fail(`the source failed with ${failure instanceof Error ? failure.name : 'a value that is not an Error'}`)
    return finding.done()
  }
  if (jwt === undefined) {
    finding.fail(`the source did not return within ${timeout} s`)
    return finding.done()
  }
  output.hide(jwt.trim())
  const decoded = decodeJwt(jwt.trim())
  if (decoded === undefined) {
    finding.fail(
      'the source returned no signed JWT',
      'Check that the file or the variable holds a JWT in compact form.',
    )
    return finding.done()
  }
  const { payload, algorithm } = decoded
  const claims = { iss: readText(payload.iss), sub: readText(payload.sub), aud: readText(payload.aud) }
  for (const [name, value] of Object.entries(claims)) finding.saw(`${name}: ${value === '' ? 'absent' : value}`)
  noteExpiry(payload.exp, finding)
  finding.saw(`signed with ${algorithm}; the signature is not checked here`)
  const values = toRegister(claims, algorithm)
  for (const [server, what] of Object.entries(values)) finding.saw(`${server}: ${what}`)
  finding.detail('source', showText(source.name))
  finding.detail('claims', { ...claims, exp: typeof payload.exp === 'number' ? payload.exp : null })
  finding.detail('algorithm', algorithm)
  finding.detail('register', values)
  return finding.done()
}

function noteExpiry(exp: unknown, finding: ReturnType<typeof draftFinding>): void {
  if (typeof exp !== 'number' || Number.isNaN(new Date(exp * 1000).getTime())) {
    finding.saw('exp: absent')
    return
  }
  const left = Math.round(exp - Date.now() / 1000)
  const instant = new Date(exp * 1000).toISOString()
  if (left > 0) finding.saw(`exp: ${instant}, in ${inWords(left)}`)
  else {
    finding.fail(
      `exp: ${instant}, ${inWords(-left)} ago; it is not sent`,
      'Check whether the platform still renews the JWT, and the clock of this machine.',
    )
  }
}

/** By server, what to register there for this JWT. */
function toRegister({ iss, sub, aud }: RegisteredClaims, algorithm: string): Readonly<Record<string, string>> {
  const entraLimits = [
    ...(aud.startsWith(entraAudience) ? [] : [`the audience must be ${entraAudience}`]),
    ...(algorithm === 'RS256' ? [] : ['only RS256 is supported']),
  ]
  const notAccepted = 'not accepted: iss and sub of a client assertion must be the client id'
  return {
    'register at Entra': `federated credential with issuer ${iss}, subject ${sub}, audience ${aud}${entraLimits.map((limit) => ` (${limit})`).join('')}`,
    'register at Keycloak': `identity provider with issuer ${iss}; client with "Signed JWT - Federated" and subject ${sub}; the audience must be the realm's issuer, and is ${aud}`,
    'register at Google': `OIDC provider of a workload identity pool with issuer ${iss}, allowed audience ${aud}, and google.subject=assertion.sub, which is ${sub}`,
    Auth0: notAccepted,
    Okta: notAccepted,
  }
}

/** A claim on one line; several audiences are separated by spaces. */
function readText(claim: unknown): string {
  const texts = [claim].flat().filter((one): one is string => typeof one === 'string')
  return showText(texts.slice(0, 10).join(' '))
}
