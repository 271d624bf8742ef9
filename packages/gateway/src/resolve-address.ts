import { createSecureContext } from 'node:tls'
import type { ListenAddress, TlsConfiguration } from './configuration.ts'
import { messageOf, type Resolution, readSecret } from './secret-reference.ts'
import type { ValidAddress, ValidTls } from './valid-configuration.ts'

/** @returns `undefined` if the certificate or its key has a mistake, which is reported */
export async function resolveAddress(
  address: ListenAddress,
  path: string,
  resolution: Resolution,
): Promise<ValidAddress | undefined> {
  if ('socket' in address) {
    return { kind: 'socket', path: address.socket, mode: Number.parseInt(address.mode ?? '0660', 8) }
  }
  if ('descriptor' in address) return { kind: 'descriptor', descriptor: address.descriptor }
  const { host = '127.0.0.1', port, tls } = address
  if (tls === undefined) return { kind: 'host', host, port, tls }
  const read = await readTls(tls, `${path}.tls`, resolution)
  return read && { kind: 'host', host, port, tls: read }
}

async function readTls(
  tls: TlsConfiguration,
  path: string,
  { report, environment }: Resolution,
): Promise<ValidTls | undefined> {
  try {
    const [certificate, key, clientAuthority] = [
      await readSecret(tls.certificate, `${path}.certificate`, environment),
      await readSecret(tls.key, `${path}.key`, environment),
      tls.clientAuthority && (await readSecret(tls.clientAuthority, `${path}.clientAuthority`, environment)),
    ]
    const mistake = findTlsMistake({ cert: certificate, key, ca: clientAuthority })
    if (mistake !== undefined) {
      report(path, `${path}${mistake}`)
      return undefined
    }
    return { certificate, key, clientAuthority }
  } catch (failure) {
    report(path, messageOf(failure))
    return undefined
  }
}

/** What OpenSSL finds wrong with a certificate and its key, as the end of a sentence. */
function findTlsMistake(tls: {
  readonly cert: string
  readonly key: string
  readonly ca: string | undefined
}): string | undefined {
  const isUsable = (options: object): boolean => {
    try {
      createSecureContext(options)
      return true
    } catch {
      return false
    }
  }
  if (!isUsable({ cert: tls.cert })) return '.certificate is not a certificate in PEM'
  if (!isUsable({ key: tls.key })) return '.key is not a private key in PEM without a passphrase'
  if (!isUsable({ cert: tls.cert, key: tls.key })) return '.key does not belong to the certificate'
  return tls.ca === undefined || isUsable({ ca: tls.ca }) ? undefined : '.clientAuthority is not a certificate in PEM'
}
