import { NightlatchError } from '../errors.ts'
import { decodePemBlock, maxKeyTextLength, readPemBlocks } from './pem.ts'

/** The private key of credentials: a `CryptoKey`, a JWK as an object or as JSON, or PEM (PKCS #8). */
export type PrivateKeyMaterial = PrivateKey | PrivateKeyJwk | string

/** A `CryptoKey`, declared without DOM types and without `globalThis.crypto`, which the types of Workers lack. */
export type PrivateKey = Parameters<typeof crypto.subtle.sign>[1]

/**
 * A private key as a JSON Web Key, declared without DOM types.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7517#section-4 RFC 7517 section 4}
 */
interface PrivateKeyJwk {
  readonly kty?: string | undefined
  readonly crv?: string | undefined
  readonly alg?: string | undefined
  readonly kid?: string | undefined
  readonly use?: string | undefined
  readonly key_ops?: readonly string[] | undefined
  readonly ext?: boolean | undefined
  readonly n?: string | undefined
  readonly e?: string | undefined
  readonly d?: string | undefined
  readonly p?: string | undefined
  readonly q?: string | undefined
  readonly dp?: string | undefined
  readonly dq?: string | undefined
  readonly qi?: string | undefined
  readonly x?: string | undefined
  readonly y?: string | undefined
  readonly pub?: string | undefined
  readonly priv?: string | undefined
}

/** The WebCrypto parameters of a signing algorithm. */
interface SigningAlgorithm {
  readonly name: string
  readonly hash?: string
  readonly namedCurve?: string
}

/**
 * The algorithms of the JOSE registry that sign with a private key and that WebCrypto supports. `EdDSA` comes before `Ed25519`,
 * its newer name, because more servers support the older one.
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
export const signingAlgorithmNames: readonly string[] = /* @__PURE__ */ Object.keys(signingAlgorithms)

/** The algorithms that an RSA key can sign with. */
const rsaNames = /* @__PURE__ */ signingAlgorithmNames.filter((name) => /^[RP]S/.test(name))

/** Shorter RSA keys are not safe, and servers reject them. */
const minModulusBits = 2048

/** The names of the algorithms that a key signs with; the first is the default. Empty if there are none. */
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

/** Finds why a client cannot sign with a value, as text for a message; `undefined` if it can. */
export function findKeyMistake(value: unknown): string | undefined {
  if (!isCryptoKey(value)) return findMaterialMistake(value)
  if (value.type === 'public') return 'is a public key: a client signs with the private one'
  if (value.type !== 'private') return 'is a symmetric key: a secret shared with the server is the clientSecret'
  if (!value.usages.includes('sign')) return "cannot sign: its usages must contain 'sign'"
  if (value.extractable) return 'is extractable, so that any code could read it out: import it with extractable false'
  if (algorithmsOf(value).length === 0)
    return `signs with none of the registered algorithms ${signingAlgorithmNames.join(', ')}`
  const { modulusLength = minModulusBits } = value.algorithm as { readonly modulusLength?: number }
  if (modulusLength < minModulusBits) {
    return `has ${modulusLength} bits, which is too short for RSA: it must have at least ${minModulusBits}`
  }
  return undefined
}

function findMaterialMistake(value: unknown): string | undefined {
  try {
    readMaterial(value)
    return undefined
  } catch (mistake) {
    return mistakeOf(mistake)
  }
}

/** Whether a value is a `CryptoKey` of any platform. */
export function isCryptoKey(value: unknown): value is PrivateKey {
  const { algorithm, usages }: { readonly algorithm?: unknown; readonly usages?: unknown } = Object(value)
  return algorithm !== undefined && Array.isArray(usages)
}

/** A key ready to sign a JWT, with the members of the JWT's header. */
export interface SigningKey {
  readonly key: PrivateKey
  readonly alg: string
  readonly kid: string | undefined
}

/**
 * Prepares the key of a client's credentials for signing.
 *
 * @param algorithm default: the key's own
 * @throws NightlatchError `invalid_options` if the key does not sign with the algorithm, or cannot be read
 */
export async function toSigningKey(material: PrivateKeyMaterial, algorithm: string | undefined): Promise<SigningKey> {
  const path = 'options.credentials.privateKey'
  if (!isCryptoKey(material)) return await importMaterial(material, algorithm, path)
  const suitable = algorithmsOf(material)
  const alg = suitable.find((name) => name === (algorithm ?? name))
  if (alg !== undefined) return { key: material, alg, kid: undefined }
  throw new NightlatchError('invalid_options', `${path} ${describeUnsuitable(algorithm, suitable)}`)
}

/**
 * Imports a private key from PEM or a JWK.
 *
 * @param material PKCS #8 in PEM (`-----BEGIN PRIVATE KEY-----`; line breaks may be written as `\n`), or a JWK as an object or as
 * JSON; at most 64 KiB
 * @param options.algorithm a signing algorithm of the JOSE registry. Default: the key's own; `RS256` for an RSA key that names
 * none, `EdDSA` for Ed25519
 * @returns a `CryptoKey` that is not extractable
 * @throws NightlatchError `invalid_options` if the key cannot be imported; the message says how to convert it, and never contains it
 * @example
 * ```ts
 * const privateKey = await importPrivateKey(pem)
 * const client = createClient(acme, { credentials: { clientId: 'my-client', privateKey } })
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc5958 RFC 5958} (PKCS #8), {@link https://www.rfc-editor.org/rfc/rfc7517 RFC 7517} (JWK)
 */
export async function importPrivateKey(
  material: string | object,
  options: { readonly algorithm?: string } = {},
): Promise<PrivateKey> {
  const { algorithm } = options
  if (algorithm !== undefined && !signingAlgorithmNames.includes(algorithm)) {
    throw new NightlatchError(
      'invalid_options',
      `importPrivateKey: algorithm must be one of ${signingAlgorithmNames.join(', ')}`,
    )
  }
  return (await importMaterial(material, algorithm, 'importPrivateKey: the key')).key
}

/** @param subject the beginning of the error's message */
async function importMaterial(material: unknown, algorithm: string | undefined, subject: string): Promise<SigningKey> {
  try {
    const { key, suitable, preferred, kid } = readMaterial(material)
    const alg = String(algorithm ?? preferred ?? suitable[0])
    if (!suitable.includes(alg)) throw new KeyMistake(describeUnsuitable(alg, suitable))
    const imported = await importKey(key, signingAlgorithms[alg] as SigningAlgorithm)
    const mistake = findKeyMistake(imported)
    if (mistake !== undefined) throw new KeyMistake(mistake)
    return { key: imported, alg, kid }
  } catch (mistake) {
    throw new NightlatchError('invalid_options', `${subject} ${mistakeOf(mistake)}`)
  }
}

function describeUnsuitable(algorithm: string | undefined, suitable: readonly string[]): string {
  return `does not sign with ${algorithm}; it signs with ${suitable.join(', ')}`
}

/** A mistake in a key; the message completes a sentence that begins with the key's path. */
class KeyMistake extends Error {}

/** Returns a mistake's message. Other errors may quote the key, so their messages are not shown (rule X1). */
function mistakeOf(error: unknown): string {
  return error instanceof KeyMistake ? error.message : 'could not be read'
}

/** A key in the form that WebCrypto imports, with what it declares. */
interface KeyMaterial {
  /** PKCS #8 as bytes, or a JWK. */
  readonly key: Uint8Array<ArrayBuffer> | object
  /** The algorithms that such a key signs with. */
  readonly suitable: readonly string[]
  /** The algorithm that the key itself names. */
  readonly preferred?: string | undefined
  readonly kid?: string | undefined
}

async function importKey(key: Uint8Array<ArrayBuffer> | object, parameters: SigningAlgorithm): Promise<PrivateKey> {
  try {
    return key instanceof Uint8Array
      ? await crypto.subtle.importKey('pkcs8', key, parameters, false, ['sign'])
      : await crypto.subtle.importKey('jwk', key as { readonly kty: string }, parameters, false, ['sign'])
  } catch {
    throw new KeyMistake(`could not be imported: it is damaged, or this platform does not support ${parameters.name}`)
  }
}

function readMaterial(material: unknown): KeyMaterial {
  if (typeof material === 'object' && material !== null) return readJwk(material)
  const text = typeof material === 'string' ? material.trim() : ''
  if (text === '') {
    throw new KeyMistake(
      'must be a CryptoKey, PEM or a JWK (if it comes from an environment variable, check that it is set)',
    )
  }
  if (text.length > maxKeyTextLength) throw new KeyMistake(`must be at most ${maxKeyTextLength} characters long`)
  return text.startsWith('{') ? readJwk(parse(text)) : readPem(text)
}

function parse(text: string): object {
  try {
    return JSON.parse(text)
  } catch {
    throw new KeyMistake('looks like a JWK, but is not JSON')
  }
}

/** How to get an unencrypted PKCS #8 key from another PEM block, by the block's label. */
const conversions: ReadonlyMap<string, string> = new Map([
  [
    'ENCRYPTED PRIVATE KEY',
    'is encrypted: `openssl pkey -in key.pem -out key-pkcs8.pem` decrypts it with its passphrase',
  ],
  ['RSA PRIVATE KEY', 'is PKCS #1: `openssl pkey -in key.pem -out key-pkcs8.pem` converts it to PKCS #8'],
  ['EC PRIVATE KEY', 'is SEC 1: `openssl pkey -in key.pem -out key-pkcs8.pem` converts it to PKCS #8'],
  [
    'OPENSSH PRIVATE KEY',
    "is in OpenSSH's format: `ssh-keygen -p -m PKCS8 -f key` converts an RSA or ECDSA key to PKCS #8, in place",
  ],
  ['PUBLIC KEY', 'is a public key: a client signs with the private one'],
  ['RSA PUBLIC KEY', 'is a public key: a client signs with the private one'],
  [
    'CERTIFICATE',
    'is a certificate: the private key is in a file of its own; `openssl pkcs12 -in file.p12 -nocerts -noenc` extracts it from a PKCS #12 file',
  ],
])

function readPem(text: string): KeyMaterial {
  const blocks = readPemBlocks(text)
  const block = blocks.find(({ label }) => label === 'PRIVATE KEY')
  if (block === undefined) {
    const labels = blocks.map(({ label }) => label).filter((label) => conversions.has(label))
    const label = labels.find((one) => one.endsWith('PRIVATE KEY')) ?? labels[0]
    throw new KeyMistake(
      conversions.get(String(label)) ??
        'is neither PEM (-----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----) nor a JWK',
    )
  }
  const key = decodePemBlock(block)
  if (key === undefined) throw new KeyMistake('is not Base64 between its BEGIN and END')
  return { key, suitable: algorithmsIn(key) }
}

/** The object identifiers of key types in DER, starting with their length; a curve's identifier follows that of its key type. */
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

/** DER in hexadecimal digits: a sequence, the version, a sequence, an object identifier; each sequence with its length. */
const identifierAfterVersion = /^30(?:[0-7].|81..|82....)02010[01]30..06(.*)/

/**
 * Finds the algorithms that a PKCS #8 key signs with, by its `privateKeyAlgorithm`, which follows the version.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5958#section-2 RFC 5958 section 2}
 */
function algorithmsIn(key: Uint8Array): readonly string[] {
  const head = Array.from(key.subarray(0, 64), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const identifier = identifierAfterVersion.exec(head)?.[1]
  const found = identifiers.find(([start]) => identifier?.startsWith(start))?.[1]
  if (found !== undefined) return found
  throw new KeyMistake(
    'is of a type that signs with none of the registered algorithms, or is damaged; an RSA key must be rsaEncryption, not RSASSA-PSS',
  )
}

/** The members that make up the key; `readJwk` checks the others. */
const keyMembers = ['kty', 'crv', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'x', 'y', 'pub', 'priv'] as const

/** Signing algorithms by a JWK's `kty` and `crv`. */
const jwkTypes: ReadonlyMap<string, readonly string[]> = new Map([
  ['RSA', rsaNames],
  ['EC P-256', ['ES256']],
  ['EC P-384', ['ES384']],
  ['EC P-521', ['ES512']],
  ['OKP Ed25519', ['EdDSA', 'Ed25519']],
])

function readJwk(value: object): KeyMaterial {
  const jwk: Readonly<Record<string, unknown>> = { ...value }
  const { kty, crv, alg, kid, use, key_ops } = jwk
  if (Array.isArray(jwk.keys)) throw new KeyMistake('is a set of keys (JWKS): use one key from its `keys`')
  if (typeof kty !== 'string') throw new KeyMistake('is neither a CryptoKey, nor PEM, nor a JWK: it has no `kty`')
  if (kty === 'oct') throw new KeyMistake('is symmetric: a secret shared with the server is the clientSecret')
  if (typeof jwk.d !== 'string' && typeof jwk.priv !== 'string') {
    throw new KeyMistake('is a public key: a client signs with the private one, which has a `d`')
  }
  if (use === 'enc' || (Array.isArray(key_ops) && !key_ops.includes('sign'))) {
    throw new KeyMistake('is not for signing: its `use` or `key_ops` says so')
  }
  // A key of the type `AKP` signs only with the algorithm that it names.
  const type = [kty, crv].filter((one) => one !== undefined).join(' ')
  const suitable = kty === 'AKP' ? signingAlgorithmNames.filter((name) => name === alg) : (jwkTypes.get(type) ?? [])
  if (suitable.length === 0) {
    throw new KeyMistake(`signs with none of the registered algorithms ${signingAlgorithmNames.join(', ')}`)
  }
  const key = Object.fromEntries(keyMembers.map((name) => [name, jwk[name]]))
  return {
    key: kty === 'AKP' ? { ...key, alg } : key,
    suitable,
    preferred: suitable.find((name) => name === alg),
    kid: typeof kid === 'string' ? kid : undefined,
  }
}
