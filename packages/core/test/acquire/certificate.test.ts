import { createHash, X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createSelfSigned } from '../../../testing/test/certificates.ts'
import { readCertificate, thumbprintMembers } from '../../src/acquire/certificate.ts'

const { cert: pem } = await createSelfSigned()
const { raw } = new X509Certificate(pem)

describe('readCertificate', () => {
  it.each([
    ['alone', pem],
    ['as an environment variable holds it', pem.replaceAll('\n', '\\n')],
    ['behind its key', `-----BEGIN PRIVATE KEY-----\nMARKED\n-----END PRIVATE KEY-----\n${pem}`],
    ['at the end of a text of 64 KiB', pem.padStart(65_536)],
    ['first of its chain', `${pem}\n-----BEGIN CERTIFICATE-----\nMARK\n-----END CERTIFICATE-----`],
  ])('G8: PEM, %s', (_, text) => {
    expect(Buffer.from(readCertificate(text) ?? [])).toEqual(raw)
  })

  it.each([
    ['nothing', ''],
    ['a key', '-----BEGIN PRIVATE KEY-----\nMARK\n-----END PRIVATE KEY-----'],
    ['no Base64', '-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----'],
    ['an empty block', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----'],
    ['a text longer than 64 KiB', ' '.repeat(65_536) + pem],
  ])('G8: %s is not a certificate', (_, text) => {
    expect(readCertificate(text)).toBeUndefined()
  })
})

describe('thumbprintMembers', () => {
  it('G8: x5t and x5t#S256, as another library computes them', async () => {
    const digest = (hash: string): string => createHash(hash).update(raw).digest('base64url')
    const der = readCertificate(pem) ?? new Uint8Array()
    expect(await thumbprintMembers(der)).toEqual({ x5t: digest('sha1'), 'x5t#S256': digest('sha256') })
  })
})
