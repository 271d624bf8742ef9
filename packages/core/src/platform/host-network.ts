/**
 * The network that a URL's host belongs to. `local-name` is a name that only a local network resolves, and `name` is any other
 * name, which may still resolve to any address.
 */
export type HostNetwork =
  | 'loopback'
  | 'link-local'
  | 'private'
  | 'shared'
  | 'unique-local'
  | 'reserved'
  | 'address'
  | 'local-name'
  | 'name'

/**
 * Finds the network that a URL's host belongs to. The URL parser has already normalised every spelling of an address (decimal,
 * octal, hexadecimal, shortened).
 *
 * @see {@link https://www.iana.org/assignments/iana-ipv4-special-registry IANA special-purpose addresses, IPv4}
 * @see {@link https://www.iana.org/assignments/iana-ipv6-special-registry IANA special-purpose addresses, IPv6}
 */
export function hostNetworkOf({ hostname }: URL): HostNetwork {
  if (hostname.startsWith('[')) return networkOfIpv6(readGroups(hostname.slice(1, -1)))
  const labels = hostname.split('.')
  // A fully qualified name ends with a dot.
  if (labels.at(-1) === '') labels.pop()
  const last = labels.at(-1) ?? ''
  if (isNumber(last)) return networkOfIpv4(labels.map(Number))
  if (last === 'localhost') return 'loopback'
  return labels.length < 2 || localDomains.has(last) || labels.slice(-2).join('.') === 'home.arpa'
    ? 'local-name'
    : 'name'
}

/** Top-level domains without a public registry (RFC 6762, ICANN's `internal`), or in use by home and office networks. */
const localDomains: ReadonlySet<string> = new Set([
  'local',
  'localdomain',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
])

function isNumber(label: string): boolean {
  return label !== '' && [...label].every((character) => character >= '0' && character <= '9')
}

function networkOfIpv4([a = 0, b = 0, c = 0, d = 0]: readonly number[]): HostNetwork {
  if (a === 127) return 'loopback'
  if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)) return 'private'
  if (a === 169 && b === 254) return 'link-local'
  // The metadata service of Alibaba Cloud.
  if (a === 100 && b === 100 && c === 100 && d === 200) return 'link-local'
  if (a === 100 && b >= 64 && b < 128) return 'shared'
  const isSpecial =
    a === 0 ||
    a >= 224 ||
    (a === 192 && b === 0 && (c === 0 || c === 2)) ||
    (a === 192 && b === 88 && c === 99) ||
    (a === 198 && (b === 18 || b === 19)) ||
    (a === 198 && b === 51 && c === 100) ||
    (a === 203 && b === 0 && c === 113)
  return isSpecial ? 'reserved' : 'address'
}

function networkOfIpv6(groups: readonly number[]): HostNetwork {
  const [a = 0, b = 0, c = 0, , e = 0, f = 0, g = 0, h = 0] = groups
  const isZero = (from: number, to: number): boolean => groups.slice(from, to).every((group) => group === 0)
  if (isZero(0, 7)) return h === 1 ? 'loopback' : 'reserved'
  // Addresses that contain an IPv4 address: mapped, translated, both forms of NAT64, and 6to4.
  if (isZero(0, 5) && (f === 0xffff || f === 0)) return networkOfIpv4(bytesOf(g, h))
  if (isZero(0, 4) && e === 0xffff && f === 0) return networkOfIpv4(bytesOf(g, h))
  if (a === 0x64 && b === 0xff9b) return isZero(2, 6) ? networkOfIpv4(bytesOf(g, h)) : 'reserved'
  if (a === 0x2002) return networkOfIpv4(bytesOf(b, c))
  // The metadata service of Amazon EC2.
  if (a === 0xfd00 && b === 0xec2 && isZero(2, 7) && h === 0x254) return 'link-local'
  if ((a & 0xfe00) === 0xfc00 || (a & 0xffc0) === 0xfec0) return 'unique-local'
  if ((a & 0xffc0) === 0xfe80) return 'link-local'
  const isGlobal =
    (a & 0xe000) === 0x2000 && !(a === 0x2001 && (b < 0x200 || b === 0xdb8)) && !(a === 0x3fff && b < 0x1000)
  return isGlobal ? 'address' : 'reserved'
}

function bytesOf(high: number, low: number): readonly number[] {
  return [high >> 8, high & 255, low >> 8, low & 255]
}

/** Reads the eight groups of an address in the URL parser's form: hexadecimal, with `::` for the longest run of zeros. */
function readGroups(address: string): readonly number[] {
  const [before = '', after] = address.split('::', 2)
  const toGroups = (part: string | undefined): number[] =>
    part === undefined || part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const head = toGroups(before)
  const tail = toGroups(after)
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}
