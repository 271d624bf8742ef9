import { generateKeyPairSync, sign } from 'node:crypto'

/** A key and a certificate that nobody signed but itself, in PEM. */
export interface LoopbackCertificate {
  readonly key: string
  readonly cert: string
}

/** Makes a certificate for 127.0.0.1, good for this day: X.509, spelt out in DER, since Node makes none. */
export function createLoopbackCertificate(): LoopbackCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(hex('06082a8648ce3d040302'))
  const name = sequence(der(0x31, sequence(hex('0603550403'), der(0x0c, Buffer.from('loopback')))))
  const instant = (days: number): Buffer => {
    const digits = new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '')
    return der(0x18, Buffer.from(digits))
  }
  const addresses = sequence(der(0x87, Buffer.from([127, 0, 0, 1])))
  const certificate = sequence(
    hex('a003020102'),
    hex('020101'),
    algorithm,
    name,
    sequence(instant(-1), instant(1)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(hex('0603551d11'), der(0x04, addresses)))),
  )
  const signature = sign('sha256', certificate, privateKey)
  const signed = sequence(certificate, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = signed.toString('base64').match(/.{1,64}/g) ?? []
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  }
}

function hex(digits: string): Buffer {
  return Buffer.from(digits, 'hex')
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}
