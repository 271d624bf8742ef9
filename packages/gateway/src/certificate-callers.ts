import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ValidCaller } from './valid-configuration.ts'

/** Callers that show a client certificate. */
export class CertificateCallers {
  /** By the URI or DNS name in the certificate, with its kind. */
  readonly #byName = new Map<string, string>()
  /** A connection has one certificate for all its requests. */
  readonly #bySocket = new WeakMap<Socket, { readonly caller: string | undefined }>()

  constructor(callers: Readonly<Record<string, ValidCaller>>) {
    for (const [caller, { certificate }] of Object.entries(callers)) {
      if (certificate === undefined) continue
      // Each URI has a colon, and no DNS name has one.
      this.#byName.set(certificate.includes(':') ? `URI:${certificate}` : `DNS:${certificate.toLowerCase()}`, caller)
    }
  }

  /** The caller of a connection, if an authority of the listener signed its certificate. */
  find(socket: Socket): string | undefined {
    if (this.#byName.size === 0) return undefined
    const tls = socket as Partial<TLSSocket>
    if (tls.authorized !== true || tls.getPeerX509Certificate === undefined) return undefined
    const known = this.#bySocket.get(socket)
    if (known !== undefined) return known.caller
    const names = readNames(tls.getPeerX509Certificate()?.subjectAltName ?? '')
    const caller = names.map((name) => this.#byName.get(name)).find((found) => found !== undefined)
    this.#bySocket.set(socket, { caller })
    return caller
  }
}

/** The URIs and DNS names of a certificate. Node writes a name that could be misread as a JSON string. */
function readNames(subjectAltName: string): readonly string[] {
  const names: string[] = []
  let rest = subjectAltName
  while (rest !== '') {
    const kind = rest.slice(0, 4)
    let value: string
    if (rest[4] === '"') {
      let end = 5
      while (end < rest.length && rest[end] !== '"') end += rest[end] === '\\' ? 2 : 1
      try {
        value = JSON.parse(rest.slice(4, end + 1)) as string
      } catch {
        return names
      }
      rest = rest.slice(end + 1)
    } else {
      const comma = rest.indexOf(', ')
      const end = comma < 0 ? rest.length : comma
      value = rest.slice(4, end)
      rest = rest.slice(end)
    }
    if (kind === 'URI:') names.push(`URI:${value}`)
    else if (kind === 'DNS:') names.push(`DNS:${value.toLowerCase()}`)
    rest = rest.startsWith(', ') ? rest.slice(2) : ''
  }
  return names
}
