/** X.509 certificates for the tests of every package. */

// The library of certificates requires it, and requires it first.
import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralName,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A key and its certificate, in PEM. */
export interface Certified {
  readonly key: string
  readonly cert: string
  /** The certificate's thumbprint, as tokens that are bound to it hold it: `cnf.x5t#S256`. */
  readonly thumbprint: string
  /** The public key with its certificate, which registers a client whose certificate is self-signed. */
  readonly jwk: Readonly<Record<string, unknown>>
}

/** How a certificate differs from one for a server on 127.0.0.1 that is valid today. */
export interface CertificateOptions {
  /** The subject's common name; default `'loopback'`. */
  readonly name?: string
  /** The subject's alternative names; default 127.0.0.1. */
  readonly names?: readonly JsonGeneralName[]
  /** Days from now; default -1. */
  readonly begins?: number
  /** Days from now; default 1. */
  readonly ends?: number
}

/** A certificate authority of one test. */
export interface CertificateAuthority {
  readonly cert: string
  /** Issues a certificate for a server. */
  issueServer(options?: CertificateOptions): Promise<Certified>
  /** Issues a certificate for a client, whose name is the subject's common name; default: without alternative names. */
  issueClient(name: string, names?: CertificateOptions['names']): Promise<Certified>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** Makes a certificate authority. */
export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const keys = await createKeys()
  const authority = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Nightlatch test authority',
    keys,
    signingAlgorithm: algorithm,
    ...validity({ begins: -30, ends: 90 }),
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  })
  const issue = async (options: CertificateOptions, extensions: Extension[]): Promise<Certified> => {
    const own = await createKeys()
    const certificate = await X509CertificateGenerator.create({
      subject: subjectOf(options),
      issuer: authority.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      ...validity(options),
      extensions,
    })
    return toCertified(own, certificate)
  }
  return {
    cert: authority.toString('pem'),
    issueServer: (options = {}) =>
      issue(options, [alternativeNames(options), new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth])]),
    issueClient: (name, names) =>
      issue({ name }, [
        ...(names === undefined ? [] : [alternativeNames({ names })]),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      ]),
  }
}

/** Makes a certificate that is signed by its own key. */
export async function createSelfSigned(options: CertificateOptions = {}): Promise<Certified> {
  const keys = await createKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: subjectOf(options),
    keys,
    signingAlgorithm: algorithm,
    ...validity(options),
    extensions: [alternativeNames(options)],
  })
  return toCertified(keys, certificate)
}

function subjectOf({ name = 'loopback' }: CertificateOptions): string {
  return `CN=${name}`
}

function alternativeNames({ names = [{ type: 'ip', value: '127.0.0.1' }] }: CertificateOptions): Extension {
  return new SubjectAlternativeNameExtension([...names])
}

function createKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

function validity({ begins = -1, ends = 1 }: CertificateOptions): { notBefore: Date; notAfter: Date } {
  const day = 86_400_000
  return { notBefore: new Date(Date.now() + begins * day), notAfter: new Date(Date.now() + ends * day) }
}

async function toCertified(keys: CryptoKeyPair, certificate: X509Certificate): Promise<Certified> {
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const lines = pkcs8.match(/.{1,64}/g) ?? []
  const raw = Buffer.from(certificate.rawData)
  return {
    key: ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n'),
    cert: certificate.toString('pem'),
    thumbprint: Buffer.from(await crypto.subtle.digest('SHA-256', raw)).toString('base64url'),
    jwk: { ...(await crypto.subtle.exportKey('jwk', keys.publicKey)), x5c: [raw.toString('base64')] },
  }
}
