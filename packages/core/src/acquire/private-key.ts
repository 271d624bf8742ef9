import { NightlatchError } from '../errors.ts'

/** A `CryptoKey`, by a way to say it that needs no DOM types; the types of Workers have `crypto`, and not as a member of `globalThis`. */
export type PrivateKey = Parameters<typeof crypto.subtle.sign>[1]

/** A signing algorithm as WebCrypto has it. */
interface SigningAlgorithm {
  readonly name: string
  readonly hash?: string
  readonly namedCurve?: string
}

/**
 * The algorithms of the JOSE registry that sign with a private key, as far as WebCrypto has them. `EdDSA` comes before
 * `Ed25519`, its newer name: it is the one that servers know.
 *
 * @see {@link https://www.iana.org/assignments/jose/jose.xhtml#web-signature-encryption-algorithms IANA, JSON Web Signature and Encryption Algorithms}
 */
const signingAlgorithms: Readonly<Record<string, SigningAlgorithm>> = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  RS384: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' },
  RS512: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  PS384: { name: 'RSA-PSS', hash: 'SHA-384' },
  PS512: { name: 'RSA-PSS', hash: 'SHA-512' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  ES512: { name: 'ECDSA', namedCurve: 'P-521' },
  EdDSA: { name: 'Ed25519' },
  Ed25519: { name: 'Ed25519' },
  'ML-DSA-44': { name: 'ML-DSA-44' },
  'ML-DSA-65': { name: 'ML-DSA-65' },
  'ML-DSA-87': { name: 'ML-DSA-87' },
}

/** The names of the algorithms a client may sign with. */
export const signingAlgorithmNames: readonly string[] = Object.keys(signingAlgorithms)

/** RSA keys sign by any of these; which one, only the server can tell. */
const rsaNames = signingAlgorithmNames.filter((name) => /^[RP]S/.test(name))

/** Bits; shorter RSA keys are no longer safe, and servers refuse them. */
const shortestModulus = 2048

/** The names of the algorithms that a key signs by; the first is the default. Empty where there are none. */
export function algorithmsOf({ algorithm }: PrivateKey): readonly string[] {
  const { name, hash, namedCurve } = algorithm as {
    readonly name: string
    readonly hash?: { readonly name: string }
    readonly namedCurve?: string
  }
  return Object.entries(signingAlgorithms)
    .filter(([, one]) => one.name === name && one.hash === hash?.name && one.namedCurve === namedCurve)
    .map(([registered]) => registered)
}

/** What keeps a value from being the key a client signs with, in words; `undefined` where nothing does. */
export function findKeyMistake(value: unknown): string | undefined {
  if (!isCryptoKey(value)) return 'must be a CryptoKey: importPrivateKey makes one of a PEM or a JWK'
  if (value.type === 'public') return 'is a public key: a client signs with the private one'
  if (value.type !== 'private') return 'is a symmetric key: what a client shares with the server is its clientSecret'
  if (!value.usages.includes('sign')) return "cannot sign: its usages must hold 'sign'"
  if (value.extractable) return 'is extractable, so that any code could read it out: import it with extractable false'
  if (algorithmsOf(value).length === 0)
    return `signs by none of the registered algorithms ${list(signingAlgorithmNames)}`
  const { modulusLength } = value.algorithm as { readonly modulusLength?: number }
  if (modulusLength !== undefined && modulusLength < shortestModulus) {
    return `has ${modulusLength} bits, which is too short for RSA: it takes ${shortestModulus} at least`
  }
  return undefined
}

function isCryptoKey(value: unknown): value is PrivateKey {
  return (
    typeof value === 'object' &&
    value !== null &&
    'algorithm' in value &&
    'usages' in value &&
    Array.isArray(value.usages)
  )
}

/**
 * A private key to sign with, from where it is kept. What comes out cannot be read out again.
 *
 * @param material PKCS#8 in PEM (`-----BEGIN PRIVATE KEY-----`; line breaks written as `\n` are read, too), or a JWK as an object or as JSON
 * @param options.algorithm the registered algorithm to sign by. Default: what the key says; `RS256` for an RSA key that says nothing, `EdDSA` for Ed25519
 * @throws NightlatchError `invalid_options` where it is no such key; the message says how to convert it, and never holds it
 * @see {@link https://www.rfc-editor.org/rfc/rfc5958 RFC 5958} (PKCS#8), {@link https://www.rfc-editor.org/rfc/rfc7517 RFC 7517} (JWK)
 */
export async function importPrivateKey(
  material: string | object,
  options: { readonly algorithm?: string } = {},
): Promise<PrivateKey> {
  const { algorithm } = options
  if (algorithm !== undefined && !signingAlgorithmNames.includes(algorithm)) {
    throw refuse(`algorithm must be one of ${list(signingAlgorithmNames)}`)
  }
  const { format, key, fitting, preferred } = readMaterial(material)
  const chosen = algorithm ?? preferred ?? fitting[0] ?? ''
  const parameters = signingAlgorithms[chosen]
  if (parameters === undefined || !fitting.includes(chosen)) {
    throw refuse(`the key does not sign by ${chosen}; it signs by ${list(fitting)}`)
  }
  const imported = await importKey(format, key, parameters)
  const mistake = findKeyMistake(imported)
  if (mistake !== undefined) throw refuse(`the key ${mistake}`)
  return imported
}

/** A key as WebCrypto takes it, and what it says of itself. */
interface KeyMaterial {
  readonly format: 'pkcs8' | 'jwk'
  readonly key: Uint8Array<ArrayBuffer> | object
  /** The algorithms that such a key signs by. */
  readonly fitting: readonly string[]
  /** The one it says it is for. */
  readonly preferred?: string | undefined
}

/** What WebCrypto says of a key that it cannot read may quote it, so nothing of it is kept (rule X1). */
async function importKey(
  format: 'pkcs8' | 'jwk',
  key: Uint8Array<ArrayBuffer> | object,
  { name, hash, namedCurve }: SigningAlgorithm,
): Promise<PrivateKey> {
  const parameters = { name, ...(hash && { hash }), ...(namedCurve && { namedCurve }) }
  try {
    return format === 'jwk'
      ? await crypto.subtle.importKey('jwk', key as { readonly kty: string }, parameters, false, ['sign'])
      : await crypto.subtle.importKey('pkcs8', key as Uint8Array<ArrayBuffer>, parameters, false, ['sign'])
  } catch {
    throw refuse(`the key could not be read: it is damaged, or this platform does not know ${name}`)
  }
}

function readMaterial(material: unknown): KeyMaterial {
  if (typeof material === 'object' && material !== null) return readJwk(material)
  const text = typeof material === 'string' ? material.trim() : ''
  if (text === '') {
    throw refuse('the key must be PEM or a JWK (if it comes from an environment variable, is that set?)')
  }
  return text.startsWith('{') ? readJwk(parse(text)) : readPem(text)
}

function parse(text: string): object {
  try {
    return JSON.parse(text)
  } catch {
    throw refuse('the key looks like a JWK, but is not JSON')
  }
}

/** What to do about a block of PEM that is no unencrypted PKCS#8, by its label. */
const conversions: Readonly<Record<string, string>> = {
  'ENCRYPTED PRIVATE KEY':
    'the key is encrypted: `openssl pkey -in key.pem -out key-pkcs8.pem` asks for its passphrase',
  'RSA PRIVATE KEY': 'the key is PKCS#1: `openssl pkey -in key.pem -out key-pkcs8.pem` makes PKCS#8 of it',
  'EC PRIVATE KEY': 'the key is SEC 1: `openssl pkey -in key.pem -out key-pkcs8.pem` makes PKCS#8 of it',
  'OPENSSH PRIVATE KEY':
    'the key is one of OpenSSH: `ssh-keygen -p -m PKCS8 -f key` makes PKCS#8 of an RSA or ECDSA key, in place',
  'PUBLIC KEY': 'the key is a public key: a client signs with the private one',
  'RSA PUBLIC KEY': 'the key is a public key: a client signs with the private one',
  CERTIFICATE:
    'this is a certificate: the private key is in a file of its own, or comes out of a PKCS#12 file by `openssl pkcs12 -in file.p12 -nocerts -noenc`',
}

function readPem(text: string): KeyMaterial {
  // An environment variable often holds `\n` where the file has a line break.
  const blocks = [
    ...text.replace(/(?:\\r)?\\n/g, '\n').matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g),
  ]
  const body = blocks.find(([, label]) => label === 'PRIVATE KEY')?.[2]
  if (body === undefined) {
    const labels = blocks.map(([, one = '']) => one).filter((one) => conversions[one] !== undefined)
    const label = labels.find((one) => one.endsWith('PRIVATE KEY')) ?? labels[0]
    throw refuse(
      label === undefined
        ? 'the key is neither PEM (-----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----) nor a JWK'
        : (conversions[label] ?? ''),
    )
  }
  const key = decodeBase64(body)
  return { format: 'pkcs8', key, fitting: algorithmsIn(key) }
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text.replace(/\s/g, '')), (character) => character.charCodeAt(0))
  } catch {
    throw refuse('the key between its BEGIN and END is not Base64')
  }
}

/** The object identifiers of keys, in DER behind their tag; a curve is named behind that of its kind. */
const identifiers: readonly (readonly [string, readonly string[]])[] = [
  ['092a864886f70d010101', rsaNames],
  ['072a8648ce3d020106082a8648ce3d030107', ['ES256']],
  ['072a8648ce3d020106052b81040022', ['ES384']],
  ['072a8648ce3d020106052b81040023', ['ES512']],
  ['032b6570', ['EdDSA', 'Ed25519']],
  ['09608648016503040311', ['ML-DSA-44']],
  ['09608648016503040312', ['ML-DSA-65']],
  ['09608648016503040313', ['ML-DSA-87']],
]

/**
 * The algorithms that a PKCS#8 key signs by: its `privateKeyAlgorithm` comes behind the version.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5958#section-2 RFC 5958 section 2}
 */
function algorithmsIn(key: Uint8Array): readonly string[] {
  const head = Array.from(key.subarray(0, 64), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const length = '(?:[0-7].|81..|82....|83.{6})'
  const identifier = new RegExp(`^30${length}02010[01]30${length}06(.*)$`).exec(head)?.[1] ?? ''
  const found = identifiers.find(([start]) => identifier.startsWith(start))?.[1]
  if (found !== undefined) return found
  throw refuse(
    'the key is of a kind that signs by none of the registered algorithms, or is damaged; an RSA key must be rsaEncryption, not RSASSA-PSS',
  )
}

/** The members that make the key; what else is said of it was judged. */
const keyMembers = ['kty', 'crv', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'x', 'y', 'pub', 'priv'] as const

/** What signs, by a JWK's `kty` and `crv`. */
const jwkKinds: ReadonlyMap<string, readonly string[]> = new Map([
  ['RSA', rsaNames],
  ['EC P-256', ['ES256']],
  ['EC P-384', ['ES384']],
  ['EC P-521', ['ES512']],
  ['OKP Ed25519', ['EdDSA', 'Ed25519']],
])

function readJwk(value: object): KeyMaterial {
  const jwk: Readonly<Record<string, unknown>> = { ...value }
  const { kty, crv, alg, use, key_ops } = jwk
  if (Array.isArray(jwk.keys)) throw refuse('this is a set of keys (JWKS): take the one to sign with out of `keys`')
  if (typeof kty !== 'string') throw refuse('the key is neither PEM nor a JWK: it has no `kty`')
  if (kty === 'oct') throw refuse('the key is symmetric: what a client shares with the server is its clientSecret')
  if (typeof jwk.d !== 'string' && typeof jwk.priv !== 'string') {
    throw refuse('the key is a public key: a client signs with the private one, which has a `d`')
  }
  if (use === 'enc' || (Array.isArray(key_ops) && !key_ops.includes('sign'))) {
    throw refuse('the key says by `use` or `key_ops` that it is not for signing')
  }
  const named = typeof alg === 'string' ? alg : undefined
  // A key of the kind `AKP` is made for the one algorithm that it names.
  const kind = [kty, crv].filter((one) => one !== undefined).join(' ')
  const fitting = kty === 'AKP' ? signingAlgorithmNames.filter((name) => name === named) : (jwkKinds.get(kind) ?? [])
  if (fitting.length === 0) {
    throw refuse(`the key signs by none of the registered algorithms ${list(signingAlgorithmNames)}`)
  }
  const key = Object.fromEntries(keyMembers.filter((name) => jwk[name] !== undefined).map((name) => [name, jwk[name]]))
  return {
    format: 'jwk',
    key: kty === 'AKP' ? { ...key, alg } : key,
    fitting,
    preferred: named !== undefined && fitting.includes(named) ? named : undefined,
  }
}

function list(names: readonly string[]): string {
  return names.join(', ')
}

function refuse(what: string): NightlatchError {
  return new NightlatchError('invalid_options', `importPrivateKey: ${what}`)
}
