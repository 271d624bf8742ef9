import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type HostNetwork, hostNetworkOf } from '../../src/platform/host-network.ts'
import { findNamedUrlMistake } from '../../src/platform/url-mistakes.ts'

const placeOf = (host: string): HostNetwork => hostNetworkOf(new URL(`https://${host}/token`))

const places: Readonly<Record<HostNetwork, readonly string[]>> = {
  loopback: [
    'localhost',
    'LOCALHOST.',
    'api.localhost',
    'api.localhost.',
    '127.0.0.1',
    '127.0.0.1.',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0x7f000001',
    '0177.0.0.1',
    '127.255.255.254',
    '１２７.０.０.１',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[::ffff:0:127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[2002:7f00:1::]',
  ],
  'link-local': [
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '[::ffff:169.254.169.254]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:a9fe:a9fe::1]',
    '[fe80::1]',
    '[febf::1]',
    '[fd00:ec2::254]',
    '100.100.100.200',
  ],
  private: [
    '10.0.0.1',
    '10.255.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '167772161',
    '[::ffff:10.0.0.1]',
  ],
  shared: ['100.64.0.1', '100.127.255.255', '[::ffff:100.64.0.1]'],
  'unique-local': ['[fc00::1]', '[fdff::1]', '[fec0::1]'],
  reserved: [
    '0.0.0.0',
    '0.1.2.3',
    '192.0.0.192',
    '192.0.2.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '[::]',
    '[::ffff:0.0.0.0]',
    '[64:ff9b:1::1]',
    '[100::1]',
    '[2001::1]',
    '[2001:db8::1]',
    '[3fff::1]',
    '[ff02::1]',
    '[4000::1]',
    '[::2:0:0:1]',
  ],
  address: [
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '126.0.0.1',
    '128.0.0.1',
    '169.253.1.1',
    '169.255.1.1',
    '172.15.255.255',
    '172.32.0.1',
    '192.167.1.1',
    '192.0.1.1',
    '192.88.98.1',
    '198.17.0.1',
    '198.20.0.1',
    '198.51.99.1',
    '203.0.112.1',
    '223.255.255.255',
    '[2606:4700::1111]',
    '[2001:200::1]',
    '[3fff:1000::1]',
    '[::ffff:8.8.8.8]',
    '[64:ff9b::8.8.8.8]',
    '[2002:808:808::1]',
  ],
  'local-name': [
    'metadata',
    'keycloak.',
    'metadata.google.internal',
    'metadata.google.internal.',
    'printer.local',
    'nas.lan',
    'box.home.arpa',
    'git.corp',
    'x.localdomain',
    'x.intranet',
    'x.private',
    'x.home',
  ],
  name: ['login.acme.test', 'localhost.acme.test', '127.0.0.1.acme.test', 'internal.acme.test', 'arpa.test', 'x.arpa'],
}

describe('hostNetworkOf', () => {
  it.each(Object.entries(places).flatMap(([place, hosts]) => hosts.map((host) => [host, place] as const)))(
    'X4: %s is %s',
    (host, place) => {
      expect(placeOf(host)).toBe(place)
    },
  )

  it('X4: does not depend on the spelling of an address', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
        const bytes = address.split('.').map(Number)
        const spellings = [
          String(number),
          `0x${number.toString(16)}`,
          bytes.map((byte) => `0${byte.toString(8)}`).join('.'),
          `${bytes[0]}.${number % 2 ** 24}`,
          `[::ffff:${address}]`,
          `[0:0:0:0:0:ffff:${address}]`,
          `[64:ff9b::${address}]`,
        ]
        expect(spellings.map(placeOf)).toEqual(spellings.map(() => placeOf(address)))
      }),
    )
  })
})

describe('a URL that a server names', () => {
  const remote = new URL('https://login.acme.test/')
  const find = (value: string, server: URL = remote, insecure = false): string | undefined =>
    findNamedUrlMistake(value, server, insecure)

  it.each(
    Object.values(places)
      .flat()
      .filter((host) => !places.name.includes(host)),
  )('X4: is not followed from a remote server to %s', (host) => {
    for (const insecure of [false, true]) {
      for (const port of ['', ':8443']) {
        expect(find(`https://${host}${port}/token`, remote, insecure)).toMatch(/^must not lead to .*not there itself$/)
      }
      expect(find(`http://${host}/token`, remote, insecure)).toMatch(/^must /)
    }
  })

  it('X4: is followed to another name, and within the network of the server itself', () => {
    expect(find('https://token.acme.test/')).toBeUndefined()
    expect(find('http://127.0.0.1:9/token', new URL('http://localhost:8080'))).toBeUndefined()
    expect(find('https://10.0.0.2/token', new URL('https://10.0.0.1'))).toBeUndefined()
    expect(find('https://keycloak/token', new URL('https://gateway.internal'))).toBeUndefined()
    expect(find('https://198.18.0.1/token', new URL('https://198.18.0.1:8443'))).toBeUndefined()
    expect(find('https://9.9.9.9/token', new URL('https://8.8.8.8'))).toBeUndefined()
  })

  it('X4: is not followed from one such network to another', () => {
    expect(find('https://169.254.169.254/', new URL('https://10.0.0.1'))).toContain('a link-local address')
    expect(find('https://100.100.100.200/', new URL('https://100.64.0.1'))).toContain('a link-local address')
    expect(find('http://127.0.0.1/', new URL('https://10.0.0.1'))).toContain('this machine')
    expect(find('https://198.18.0.2/', new URL('https://198.18.0.1'))).toContain('a reserved address')
    expect(find('https://8.8.8.8/', new URL('http://127.0.0.1'))).toContain('an IP address')
  })
})
