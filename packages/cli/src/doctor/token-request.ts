import type { NightlatchError } from '@nightlatch/core'
import { inFlags } from '../flag-words.ts'
import { describeCredentialText } from './credential-text.ts'
import type { Examination } from './examination.ts'
import { draftFinding, type Finding, type FindingDraft, skipped } from './finding.ts'
import type { Grant } from './grant.ts'
import { parseFields, showText, showUrl } from './shown-text.ts'

/** Step `token-request`: the token request, sent once. */
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
    finding.saw(clientId === '' ? 'it issued a token' : `it issued a token to the client ${clientId}`)
    finding.detail('clientId', clientId === '' ? null : clientId)
    examination.evidence.granted = grant
  } else if (failure !== undefined) {
    const words = readServerWords(failure)
    if (mayBeProbed(grant)) finding.advise(...adviseSpelling(examination, words))
    await noteGrantFailure(finding, failure, examination)
    if (mayBeProbed(grant) && !examination.mayProbe && words === undefined) {
      finding.advise(
        `If id and secret are correct, run nightlatch doctor ${examination.known.name} --probe-authentication to find out how the server expects them. The server may count each try as a failed sign-in.`,
      )
    }
  }
  return finding.done()
}

/** Whether the server's error description is about the client id or the client secret; `undefined` if it does not say. */
export function readServerWords({ errorDescription = '' }: NightlatchError): 'client id' | 'client secret' | undefined {
  const words = errorDescription.slice(0, 2000)
  if (/\b(client[ _-]?secret|app[ _-]?secret|secret|password)\b/i.test(words)) return 'client secret'
  if (/credential|authenticat/i.test(words)) return undefined
  const isMissing =
    /\b(client|application|app|consumer|identifier|client[ _-]?id)\b[^.]{0,200}\b(not (be )?(found|known|registered|recogni[sz]ed|valid|enabled|active|exist)|(does not|doesn't) exist|unknown|invalid|disabled|inactive|deactivated|deleted)\b/i
  const isUnknown = /\b(unknown|invalid|unrecogni[sz]ed|no such|wrong|missing)\b[^.]{0,40}\b(client|application)\b/i
  return isMissing.test(words) || isUnknown.test(words) || /\bclient_?id\b/i.test(words) ? 'client id' : undefined
}

/** Advises what to check about credentials that the server rejects. */
function adviseSpelling(
  { settings, secret }: Examination,
  words: ReturnType<typeof readServerWords>,
): readonly string[] {
  const { clientId = '' } = settings.settings
  const credentials = [
    { what: 'client id', source: settings.sources.get('clientId'), oddities: describeCredentialText(clientId) },
    { what: 'client secret', source: secret.source, oddities: describeCredentialText(secret.value ?? '', clientId) },
  ] as const
  return credentials.flatMap(({ what, source, oddities }) => [
    ...(words === what ? [adviseByWords(what, source)] : []),
    // If the server names one of the two, the other needs no check.
    ...(words === undefined || words === what
      ? oddities.map(({ words: oddity }) => `Check the ${what} (${source}): it ${oddity}. Is that intended?`)
      : []),
  ])
}

function adviseByWords(what: 'client id' | 'client secret', source: string | undefined): string {
  return what === 'client id'
    ? `The server's message is about the client id (${source}): check it letter by letter. If it is right, ask the person who registered the client whether that id exists at this address and is enabled.`
    : `The server's message is about the client secret (${source}): copy its value again. If it is right, ask the person who registered the client whether the secret has expired or was replaced.`
}

/** Whether another client authentication could help: the server rejected the client, not the scope or the grant type. */
export function mayBeProbed({ failure }: Grant): boolean {
  if (failure?.code !== 'grant_refused') return false
  const { error, status } = failure
  if (error === 'invalid_client') return true
  const isOfClient = error === undefined || error === 'invalid_request' || error === 'unauthorized_client'
  return (status === 401 && error !== 'invalid_scope') || (status === 400 && isOfClient)
}

/** Reports a failed grant, with advice by its code. */
async function noteGrantFailure(
  finding: FindingDraft,
  failure: NightlatchError,
  { known, evidence, grant }: Examination,
): Promise<void> {
  const { code, message, status, error, errorDescription, retryAfter } = failure
  const hints = failure.hints.map((hint) => inFlags(hint, known))
  finding.detail('failure', { code, message, status, error, errorDescription, retryAfter, hints })
  // An earlier step has already reported why there is no connection.
  const isSaid = code === 'endpoint_unavailable' && status === undefined && evidence.isUnreachable === true
  finding.fail(`${code}: ${message}`, ...(isSaid ? [] : hints))
  const exchange = (await grant())?.exchange
  const hasFields = parseFields(await exchange?.text, exchange?.headers.get('content-type')) !== undefined
  if (!isSaid) finding.advise(...adviseByCode(failure, hasFields))
}

/** @param hasFields whether the response has fields, about which the next step gives advice */
function adviseByCode({ code, status, retryAfter, hints }: NightlatchError, hasFields: boolean): readonly string[] {
  switch (code) {
    case 'invalid_options':
      return hints.length > 0 ? [] : ['Correct the setting that the message names.']
    case 'grant_refused':
      if (status === 429)
        return [`Wait ${retryAfter === undefined ? 'a while' : `${retryAfter} s`}: too many requests.`]
      return hints.length > 0
        ? []
        : ['Ask the person who registered the client about id, secret, scope and grant type.']
    case 'response_unreadable':
      return hasFields
        ? []
        : ['Check the address of the token endpoint: a sign-in page or a proxy responds with a web page or a redirect.']
    case 'endpoint_unavailable':
      if (status !== undefined)
        return ['The server has an internal error: try again later. If it still fails, contact its operator.']
      return hints.length > 0 ? [] : ['The token endpoint could not be reached: look for a firewall, a VPN or a proxy.']
    case 'timed_out':
      return ['Try again with a longer --timeout; if that does not help, look for a firewall that drops packets.']
    case 'discovery_failed':
      return ['Check the issuer, or set the token endpoint itself.']
    case 'origin_refused':
      return []
  }
}
