import type { NightlatchError } from '@nightlatch/core'
import { describeCredentialText } from './credential-text.ts'
import type { Examination } from './examination.ts'
import { draftFinding, type Finding, type FindingDraft, skipped } from './finding.ts'
import type { Grant } from './grant.ts'
import { showText, showUrl } from './shown-text.ts'

/** Step 5: the token request, made once. */
export async function examineTokenRequest(examination: Examination): Promise<Finding> {
  const grant = await examination.grant()
  if (grant === undefined) return skipped('the settings are not complete')
  const finding = draftFinding()
  const { exchange, failure, token, provider } = grant
  finding.detail('clientAuthentication', provider.clientAuthentication?.name ?? 'client_secret_basic form')
  if (exchange !== undefined) {
    const seconds = (exchange.answeredAt - exchange.sentAt) / 1000
    finding.saw(`${showUrl(exchange.url)} answered ${exchange.status} after ${seconds} s`)
    finding.detail('url', showUrl(exchange.url))
    finding.detail('status', exchange.status)
  }
  if (token !== undefined) {
    const clientId = showText(examination.settings.settings.clientId ?? '')
    finding.saw(`it gave a token to the client ${clientId}`)
    finding.detail('clientId', clientId)
    examination.evidence.granted = grant
  } else if (failure !== undefined) {
    if (mayBeProbed(grant)) finding.advise(...adviseSpelling(examination))
    noteGrantFailure(finding, failure)
    if (mayBeProbed(grant) && !examination.mayProbe) {
      finding.advise(
        `If id and secret are surely right, let nightlatch doctor ${examination.known.name} --probe-authentication find out how the server wants them; the server may count each try as a failed sign-in.`,
      )
    }
  }
  return finding.done()
}

/** What is odd about the credentials, now that the server refuses them. */
function adviseSpelling({ settings, secret }: Examination): readonly string[] {
  const { clientId = '' } = settings.settings
  const credentials = [
    { what: 'client id', source: settings.sources.get('clientId'), oddities: describeCredentialText(clientId) },
    { what: 'client secret', source: secret.source, oddities: describeCredentialText(secret.value ?? '', clientId) },
  ]
  return credentials.flatMap(({ what, source, oddities }) =>
    oddities.map(({ words }) => `Check the ${what} (${source}): it ${words}. Is that meant?`),
  )
}

/** Whether another way to send the credentials could help: it is the client that was refused, and not what it asked for. */
export function mayBeProbed({ failure }: Grant): boolean {
  if (failure?.code !== 'grant_refused') return false
  const { error, status } = failure
  if (error === 'invalid_client') return true
  const isOfClient = error === undefined || error === 'invalid_request' || error === 'unauthorized_client'
  return (status === 401 && error !== 'invalid_scope') || (status === 400 && isOfClient)
}

/** A failed grant, with what to do about it by its code. */
function noteGrantFailure(finding: FindingDraft, failure: NightlatchError): void {
  const { code, message, status, error, errorDescription, retryAfter, hints } = failure
  finding.detail('failure', { code, message, status, error, errorDescription, retryAfter, hints })
  finding.fail(`${code}: ${message}`, ...hints)
  finding.advise(...adviseByCode(failure))
}

function adviseByCode({ code, status, retryAfter, hints }: NightlatchError): readonly string[] {
  switch (code) {
    case 'invalid_options':
      return hints.length > 0 ? [] : ['Correct the setting that the message names.']
    case 'grant_refused':
      if (status === 429)
        return [`Wait ${retryAfter === undefined ? 'a while' : `${retryAfter} s`}: too many requests.`]
      return hints.length > 0 ? [] : ['Ask whoever registered the client about id, secret, scope and grant type.']
    case 'response_unreadable':
      return [
        'Check the address of the token endpoint: a web page or a redirect is what a sign-in page or a proxy answers.',
      ]
    case 'endpoint_unavailable':
      return status === undefined
        ? ['The token endpoint could not be reached: see the steps before, then firewall and proxy.']
        : ['The server fails by itself: try again later, then tell whoever runs it.']
    case 'timed_out':
      return ['Try again with a longer --timeout; where that does not help, look for a firewall that drops packets.']
    case 'discovery_failed':
      return ['Check the issuer, or set the token endpoint itself.']
    case 'origin_refused':
      return []
  }
}
