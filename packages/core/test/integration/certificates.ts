// The library of certificates asks for it, and for it to come first.
import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
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
  /** The public key with its certificate, as a client is registered with a certificate that nobody signed. */
  readonly jwk: Readonly<Record<string, unknown>>
}

/** A certificate authority of one test. */
export interface CertificateAuthority {
  readonly cert: string
  /** For a server on 127.0.0.1. */
  issueServer(): Promise<Certified>
  /** For a client; its name is the subject's common name. */
  issueClient(name: string): Promise<Certified>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** Makes a certificate authority, good for this day. */
export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const keys = await createKeys()
  const authority = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Nightlatch test authority',
    keys,
    signingAlgorithm: algorithm,
    ...today(),
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  })
  const issue = async (name: string, extensions: Extension[]): Promise<Certified> => {
    const own = await createKeys()
    const certificate = await X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: authority.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      ...today(),
      extensions,
    })
    return describe(own, certificate)
  }
  return {
    cert: authority.toString('pem'),
    issueServer: () =>
      issue('server', [
        new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      ]),
    issueClient: (name) => issue(name, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])]),
  }
}

/** Makes a certificate that nobody signed but its own key. */
export async function createSelfSigned(name: string): Promise<Certified> {
  const keys = await createKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    ...today(),
  })
  return describe(keys, certificate)
}

function createKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

function today(): { notBefore: Date; notAfter: Date } {
  const day = 86_400_000
  return { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) }
}

async function describe(keys: CryptoKeyPair, certificate: X509Certificate): Promise<Certified> {
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
