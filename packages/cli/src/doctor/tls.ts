import { isIP } from 'node:net'
import { checkServerIdentity, connect, type PeerCertificate } from 'node:tls'
import { explainNetworkFailure, type NetworkFailure, readNetworkFailure } from '@nightlatch/core'
import type { Examination } from './examination.ts'
import { draftFinding, type Finding, type FindingDraft } from './finding.ts'
import { showText } from './shown-text.ts'

/** A certificate that expires within this many days causes a warning. */
const warningDays = 14

/** Step `tls`: the server's certificate. Only the TLS handshake is sent. */
export async function examineTls({ address, timeout, env, evidence, waitFor }: Examination): Promise<Finding> {
  const finding = draftFinding()
  noteProxies(finding, env)
  if (address === undefined) return skip(finding, 'the settings name no address')
  if (address.protocol === 'http:') {
    if (isLoopback(address)) return skip(finding, 'plain http to this machine: there is no certificate to look at')
    finding.fail(`${address.origin} is plain http`, 'Use https: anyone on the network can read plain http.')
    return finding.done()
  }
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    finding.warn(
      'NODE_TLS_REJECT_UNAUTHORIZED=0: this program accepts any certificate',
      "Remove NODE_TLS_REJECT_UNAUTHORIZED=0. Instead, set NODE_EXTRA_CA_CERTS to a file with the authority's certificate.",
    )
  }

  if (evidence.hasNoAddress === true) return skip(finding, 'the host has no address')

  const host = address.hostname.replace(/^\[|\]$/g, '')
  const port = Number(address.port || 443)
  const greeting = await waitFor(`a TLS connection to ${host}`, shakeHands(host, port, timeout))
  finding.detail('host', host)
  finding.detail('port', port)
  if ('failure' in greeting) {
    finding.detail('code', greeting.failure.code ?? 'unknown')
    evidence.isUnreachable = true
    const { said, hints } = explainNetworkFailure(greeting.failure)
    finding.fail(`${host}:${port} ${said}`, ...hints)
    return finding.done()
  }
  judgeCertificate(finding, host, greeting)
  if (finding.done().status === 'failed') evidence.isUnreachable = true
  return finding.done()
}

interface Greeting {
  readonly certificate: PeerCertificate
  readonly protocol: string | null
  /** OpenSSL's code for why the certificate is not trusted. */
  readonly distrust: string | undefined
}

function shakeHands(
  host: string,
  port: number,
  timeout: number,
): Promise<Greeting | { readonly failure: NetworkFailure }> {
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      ...(isIP(host) === 0 && { servername: host }),
      ALPNProtocols: ['http/1.1'],
      // Accept any certificate in order to read it. No data is sent over this connection.
      rejectUnauthorized: false,
    })
    const timer = setTimeout(() => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })), timeout * 1000)
    socket.once('secureConnect', () => {
      // The type says Error, but the value is a code.
      const distrust: unknown = socket.authorizationError
      resolve({
        certificate: socket.getPeerCertificate(),
        protocol: socket.getProtocol(),
        distrust: socket.authorized
          ? undefined
          : showText(distrust instanceof Error ? distrust.name : String(distrust)),
      })
      socket.destroy()
    })
    socket.once('error', (failure) => resolve({ failure: readNetworkFailure(failure) }))
    socket.once('close', () => {
      clearTimeout(timer)
      resolve({ failure: { code: 'ECONNRESET', retryable: true } })
    })
  })
}

function judgeCertificate(finding: FindingDraft, host: string, { certificate, protocol, distrust }: Greeting): void {
  const { subject, issuer, valid_from: from, valid_to: to, subjectaltname = '' } = certificate
  const names = subjectaltname.split(', ').filter(Boolean).map(showText)
  const begins = new Date(from)
  const ends = new Date(to)
  finding.saw(`${protocol ?? 'TLS'}, certificate of ${showName(subject)}, issued by ${showName(issuer)}`)
  finding.saw(`valid until ${showInstant(ends)}`)
  finding.detail('protocol', protocol)
  finding.detail('certificate', {
    subject: showName(subject),
    issuer: showName(issuer),
    names,
    validFrom: showInstant(begins),
    validUntil: showInstant(ends),
  })

  const problems: string[] = []
  const now = Date.now()
  if (ends.getTime() < now) {
    problems.push('expired')
    finding.fail(
      `the certificate expired on ${showInstant(ends)}`,
      `The operator of ${host} must renew the certificate.`,
    )
  } else if (begins.getTime() > now) {
    problems.push('not-yet-valid')
    finding.fail(
      `the certificate is not valid before ${showInstant(begins)}`,
      `Check the clock of this machine, then the certificate of ${host}.`,
    )
  } else if (ends.getTime() - now < warningDays * 86_400_000) {
    finding.warn(
      `the certificate expires in less than ${warningDays} days`,
      `Tell the operator of ${host} that the certificate expires soon.`,
    )
  }
  if (checkServerIdentity(host, certificate) !== undefined) {
    problems.push('wrong-host')
    finding.fail(
      `the certificate is not for ${host}${names.length === 0 ? '' : ` but for ${names.slice(0, 5).join(', ')}`}`,
      `Check the address: ${host} shows the certificate of another host.`,
    )
  }
  if (distrust !== undefined && isOfTrust(distrust)) {
    problems.push('untrusted')
    finding.fail(
      `the certificate is not trusted (${distrust})`,
      ...explainNetworkFailure({ code: distrust, retryable: false }).hints,
    )
  } else if (distrust !== undefined && problems.length === 0) {
    problems.push('other')
    finding.fail(`the certificate is rejected (${distrust})`, `Ask the operator of ${host} to check the certificate.`)
  }
  finding.detail('problems', problems)
  finding.detail('code', distrust)
}

/** Whether a code is about trust. Dates and names are checked separately, because OpenSSL reports only the first problem. */
function isOfTrust(code: string): boolean {
  return /SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED|CERT_REJECTED|INVALID_CA|CERT_REVOKED|CHAIN/.test(code)
}

/** Reports proxies in the environment by host only, because their addresses may hold a password. */
function noteProxies(finding: FindingDraft, env: Examination['env']): void {
  const variables = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy']
  const proxies = variables.flatMap((variable) => {
    const value = env[variable]
    return value === undefined || value === '' ? [] : [{ variable, host: URL.parse(value)?.host ?? '(no URL)' }]
  })
  finding.detail('proxies', proxies)
  if (proxies.length === 0) return
  const said = proxies.map(({ variable, host }) => `${variable} (${showText(host)})`).join(', ')
  if (env.NODE_USE_ENV_PROXY === '1') {
    finding.saw(`proxies: ${said}; requests use them, this check of the certificate does not`)
  } else {
    finding.warn(
      `proxies: ${said}; they are not used, because NODE_USE_ENV_PROXY=1 is not set`,
      'If the network requires a proxy, set NODE_USE_ENV_PROXY=1 (Node 22.21, or 24 and newer).',
    )
  }
}

function skip(finding: FindingDraft, reason: string): Finding {
  const { saw, advice, details } = finding.done()
  return { status: 'skipped', saw: [reason, ...saw], advice, details }
}

/** Whether the host is this machine, where plain http is safe. */
function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

function showName(name: PeerCertificate['subject'] | undefined): string {
  const shown = [name?.CN, name?.O].flat().filter((part) => typeof part === 'string' && part !== '')
  return shown.length === 0 ? '(no name)' : showText(shown.join(', '))
}

function showInstant(instant: Date): string {
  return Number.isNaN(instant.getTime()) ? '(no date)' : instant.toISOString()
}
