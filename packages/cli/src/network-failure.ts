import { codeOf } from './foreign-error.ts'

/** Why a server could not be reached, and what to do. `said` follows the server's name in a sentence. */
export interface Unreachable {
  readonly code: string | undefined
  readonly said: string
  readonly advice: string
}

/** Explains why a request got no response. */
export function readUnreachable(failure: unknown, host: string): Unreachable {
  const code = codeOf(failure)
  const { said, advice } = explainCode(code, host)
  const shown = code === undefined ? '' : ` (${code})`
  return { code, said: `${said}${shown}`, advice }
}

/** Explains a network or TLS error code. */
export function explainCode(code: string | undefined, host: string): Omit<Unreachable, 'code'> {
  const authority = `If ${host} or a proxy in between is your own, set NODE_EXTRA_CA_CERTS to a file with the certificate of its authority (PEM). Otherwise do not trust it.`
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return {
        said: 'cannot be trusted: its TLS certificate has expired',
        advice: `The operator of ${host} must renew the certificate. Check the clock of this machine, too.`,
      }
    case 'CERT_NOT_YET_VALID':
      return {
        said: 'cannot be trusted: its TLS certificate is not valid yet',
        advice: `Check the clock of this machine, then the certificate of ${host}.`,
      }
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return { said: 'cannot be trusted: its TLS certificate is self-signed', advice: authority }
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return {
        said: 'cannot be trusted: its TLS certificate is from an authority that this machine does not trust',
        advice: authority,
      }
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return {
        said: 'cannot be trusted: its TLS certificate comes without the intermediate certificates',
        advice: `The operator of ${host} must configure the whole chain. Until then, set NODE_EXTRA_CA_CERTS to a file with the missing certificates (PEM).`,
      }
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return {
        said: 'cannot be trusted: its TLS certificate is for another host',
        advice: `Check the address: ${host} shows the certificate of another host.`,
      }
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return {
        said: 'does not speak TLS',
        advice: 'The server does not use TLS on this port: check the port, and whether a proxy is in between.',
      }
    case 'ECONNREFUSED':
      return {
        said: 'refused the connection',
        advice: `Nothing listens at this port of ${host}: check host and port, and whether a firewall rejects connections.`,
      }
    case 'ENOTFOUND':
      return {
        said: 'is an unknown host',
        advice: `Check the spelling of ${host}, and whether it is known inside a VPN only.`,
      }
    case 'EAI_AGAIN':
      return {
        said: 'could not be looked up: the name server did not answer',
        advice: 'Check the network, the VPN and the name server of this machine.',
      }
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return {
        said: 'did not answer: the connection timed out',
        advice: 'Check whether a firewall drops the packets, whether a VPN is off, and whether the host is down.',
      }
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return { said: 'cannot be reached: there is no route to it', advice: 'Check the network and the VPN.' }
    default:
      return {
        said: 'did not answer',
        advice: `Try again; if it happens again, check the port of ${host}, and whether a firewall or a proxy closes the connection.`,
      }
  }
}
