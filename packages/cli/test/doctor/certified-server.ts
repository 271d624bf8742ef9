// The library of certificates asks for it, and for it to come first.
import 'reflect-metadata'
import { request } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import {
  BasicConstraintsExtension,
  type JsonGeneralName,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** How a server's certificate is made. */
export interface CertificateOptions {
  /** Default 127.0.0.1. */
  readonly names?: readonly JsonGeneralName[]
  /** Days from now; default -1. */
  readonly begins?: number
  /** Days from now; default 90. */
  readonly ends?: number
  /** Who signs; default: the certificate's own key. */
  readonly authority?: Authority
}

export interface Authority {
  readonly certificate: X509Certificate
  readonly keys: CryptoKeyPair
  readonly pem: string
}

const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const day = 86_400_000

/** A certificate authority of one test. */
export async function createAuthority(): Promise<Authority> {
  const keys = await createKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Nightlatch test authority',
    keys,
    signingAlgorithm,
    ...during(-30, 90),
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  })
  return { certificate, keys, pem: certificate.toString('pem') }
}

/** An https server on 127.0.0.1 that hands every request on to another server. */
export async function startCertifiedServer(target: string, options: CertificateOptions = {}): Promise<CertifiedServer> {
  const { names = [{ type: 'ip', value: '127.0.0.1' }], begins = -1, ends = 90, authority } = options
  const keys = await createKeys()
  const extensions = [new SubjectAlternativeNameExtension([...names])]
  const terms = { signingAlgorithm, ...during(begins, ends), extensions }
  const certificate =
    authority === undefined
      ? await X509CertificateGenerator.createSelfSigned({ name: 'CN=nobody else', keys, ...terms })
      : await X509CertificateGenerator.create({
          subject: 'CN=certified server',
          issuer: authority.certificate.subject,
          publicKey: keys.publicKey,
          signingKey: authority.keys.privateKey,
          ...terms,
        })
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`
  const server = createServer({ key, cert: certificate.toString('pem') }, (incoming, response) => {
    const { method, url, headers } = incoming
    const onward = request(new URL(url ?? '/', target), { method: method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `https://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export interface CertifiedServer {
  readonly port: number
  readonly url: string
  close(): Promise<void>
}

function createKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])
}

function during(begins: number, ends: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() + begins * day), notAfter: new Date(Date.now() + ends * day) }
}
