import { NightlatchError } from '@nightlatch/core'
import { reportFailure } from '../failure.ts'
import { inFlags } from '../flag-words.ts'
import type { Examination } from './examination.ts'
import { draftFinding, type Finding, type FindingDraft, skipped } from './finding.ts'
import type { Grant } from './grant.ts'
import { parseObject, showText, showUrl } from './shown-text.ts'

/** Step `discovery`: discovery of the issuer's metadata and of the API's address. */
export async function examineDiscovery(examination: Examination): Promise<Finding> {
  const { evidence, knowledge, provider, timeout } = examination
  const first = await examination.grant()
  if (first === undefined || provider === undefined) return skipped('the settings are not complete')
  const grant = evidence.granted ?? first
  const finding = draftFinding()
  const isByIssuer = provider.tokenEndpoint === undefined
  if (isByIssuer) await noteMetadata(finding, grant)

  const isDiscovered = typeof provider.api === 'function'
  if (!isDiscovered) {
    const baseUrl = grant.baseUrl()
    if (baseUrl !== undefined) {
      evidence.api = { baseUrl, info: undefined }
      finding.detail('baseUrl', showUrl(baseUrl))
    }
    if (!isByIssuer)
      return skipped('there is nothing to discover: token endpoint and API are set', finding.done().details)
    return finding.done()
  }
  if (evidence.granted === undefined) {
    return isByIssuer ? finding.done() : skipped('it takes a token')
  }
  await findApi(finding, examination, evidence.granted, timeout)
  if (evidence.api !== undefined) {
    const described = knowledge.describeInfo?.(evidence.api.info)
    for (const line of described?.saw ?? []) finding.saw(line)
    finding.detail('info', described?.details)
  }
  return finding.done()
}

async function findApi(
  finding: FindingDraft,
  { evidence, known, waitFor }: Examination,
  { client, baseUrl, provider, tokenRequests }: Grant,
  timeout: number,
): Promise<void> {
  const before = tokenRequests()
  try {
    const info = await waitFor('the address of the API', client.info({ signal: AbortSignal.timeout(timeout * 1000) }))
    const found = baseUrl()
    if (found === undefined) return
    evidence.api = { baseUrl: found, info }
    evidence.discoveryStatus = 200
    finding.saw(`API: ${showUrl(found)}; its origin is allowed`)
    finding.detail('baseUrl', showUrl(found))
  } catch (failure) {
    if (!(failure instanceof NightlatchError)) {
      finding.detail('failure', { code: 'timed_out' })
      finding.fail(
        `the discovery did not return the API's address within ${timeout} s`,
        'Try again with a longer --timeout.',
      )
      return
    }
    evidence.discoveryStatus = failure.status
    const { message, hints, fields } = reportFailure(failure)
    finding.detail('failure', fields)
    finding.fail(`${failure.code}: ${message}`, ...hints.map((hint) => inFlags(hint, known)))
    if (tokenRequests() > before) finding.saw('the discovery rejected the token, and a new one, too')
    if (failure.code === 'origin_refused') {
      finding.saw(`allowed origins: ${(provider.apiOrigins ?? []).join(', ')}`)
      finding.advise(
        `If that is where the API is (a preproduction environment, for example), allow its origin: ${
          known.settings.some(({ name }) => name === 'apiOrigin') ? '--api-origin' : 'apiOrigins of the provider'
        }. If not, ask the vendor. No token was sent there.`,
      )
    } else if (hints.length === 0) {
      finding.advise(
        failure.retryable
          ? 'The discovery has an internal error: try again later. If it still fails, contact its operator.'
          : 'The discovery does not respond as documented: check the address, then ask the vendor.',
      )
    }
  }
}

/** Reports the issuer's metadata, as received during the token request. */
async function noteMetadata(finding: FindingDraft, { metadata, failure }: Grant): Promise<void> {
  const asked = []
  for (const exchange of metadata) {
    const shown = showUrl(exchange.url)
    const fields = parseObject(await exchange.text)
    asked.push({ url: shown, status: exchange.status, isJson: fields !== undefined })
    finding.saw(`${shown} answered ${exchange.status}${fields === undefined ? ', with no JSON' : ''}`)
    if (fields !== undefined && exchange.status === 200) noteFields(finding, fields)
  }
  finding.detail('metadata', asked)
  if (failure?.code === 'discovery_failed') {
    finding.fail(
      `${failure.code}: ${failure.message}`,
      'Open <issuer>/.well-known/openid-configuration: its issuer must equal the configured issuer. Or set its token_endpoint as the token endpoint.',
    )
  } else if (metadata.length === 0) finding.saw('the issuer did not respond')
}

function noteFields(finding: FindingDraft, fields: NonNullable<ReturnType<typeof parseObject>>): void {
  const { issuer, token_endpoint: endpoint, token_endpoint_auth_methods_supported: methods } = fields
  if (typeof issuer === 'string') finding.saw(`issuer: ${showText(issuer)}`)
  const url = typeof endpoint === 'string' ? URL.parse(endpoint) : null
  finding.saw(`token endpoint: ${url === null ? 'not named' : showUrl(url)}`)
  if (Array.isArray(methods)) {
    finding.saw(
      `client authentication: ${methods
        .filter((one) => typeof one === 'string')
        .map(showText)
        .join(', ')}`,
    )
  }
}
