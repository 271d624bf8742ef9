import { parseTarget } from './request-target.ts'
import { secretIn, textOrReference } from './secret-reference.ts'
import {
  anything,
  type Check,
  flag,
  isObject,
  listOf,
  numberIn,
  objectOf,
  type Report,
  recordOf,
  text,
  textLike,
  url,
} from './value-checks.ts'

/** The largest whole number that a size or a count can have. */
const largest = Number.MAX_SAFE_INTEGER
const mebibyte = 1_048_576

/**
 * Checks the shape of a configuration: each member's name and type, without the relations between them.
 *
 * @param isData whether the configuration is JSON or YAML, in which a secret is never a literal
 */
export function configurationSchema(isData: boolean): Check {
  const secret = secretIn(isData)
  const tls = objectOf(
    { 'certificate!': textOrPem, 'key!': secret, clientAuthority: textOrPem },
    'an object with certificate and key',
  )
  const address = addressIn(tls)
  return objectOf(
    {
      'clients!': recordOf(clientIn(isData), { of: 'clients', findNameMistake }),
      store: storeIn(isData),
      listen: listOf(address, { minimum: 1, of: 'addresses' }),
      admin: address,
      hosts: listOf(textLike(/^[^/:\s]+$|^\[[0-9a-f:]+\]$/i, 'a host name without a port'), { of: 'host names' }),
      callers: recordOf(caller, { of: 'callers', findNameMistake }),
      upstreams: recordOf(upstream, { of: 'upstreams', findNameMistake: findUpstreamNameMistake }),
      tokens: recordOf(tokens, { of: 'access to the tokens of clients', findNameMistake: () => undefined }),
    },
    'an object with clients, upstreams and tokens',
  )
}

/** A certificate is no secret, so that it may be a literal also in YAML. */
const textOrPem: Check = secretIn(false)

function clientIn(isData: boolean): Check {
  const secret = secretIn(isData)
  const members = objectOf(
    { clientId: textOrReference, clientSecret: secret, privateKey: secret, keyId: textOrReference },
    'an object with clientId and clientSecret',
  )
  const credentials: Check = (value, path, report) => {
    if (isData || typeof value !== 'function') members(value, path, report)
  }
  return objectOf(
    {
      'provider!': provider,
      'credentials!': credentials,
      scopes: scopes,
      parameters: anything,
      timeout: numberIn(0.001, 600, { unit: 'seconds' }),
      allowInsecureRequests: flag,
    },
    'an object with provider and credentials',
  )
}

/** A provider's own members are checked by its function, or by the core. */
const provider: Check = (value, path, report) => {
  if (!isObject(value)) report(path, `${path} must be an object: { use: NAME }, or the fields of a provider`)
  else if (Object.hasOwn(value, 'use')) text(value.use, `${path}.use`, report)
}

const scopes: Check = (value, path, report) => {
  if (typeof value !== 'string') listOf(text, { of: 'scopes' })(value, path, report)
}

function storeIn(isData: boolean): Check {
  const redis = objectOf(
    {
      'redis!': redisUrlIn(isData),
      prefix: textLike(/^[^{}]+$/, 'a string of at least one character, without braces'),
      'encryptionKeys!': listOf(secretIn(isData), { minimum: 1, of: 'keys' }),
    },
    'an object with redis and encryptionKeys',
  )
  return (value, path, report) => {
    // A store of the core's interface; its methods may be inherited.
    const isStore = isObject(value) && ['get', 'set', 'delete'].every((name) => typeof value[name] === 'function')
    if (isData || !isStore) redis(value, path, report)
  }
}

/** A URL without a password is no secret. */
function redisUrlIn(isData: boolean): Check {
  return (value, path, report) => {
    const parsed = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
    if (typeof value !== 'string') secretIn(isData)(value, path, report)
    else if (parsed?.protocol !== 'redis:' && parsed?.protocol !== 'rediss:') {
      report(path, `${path} must be a URL that starts with redis:// or rediss://`)
    } else if (isData && parsed.password !== '') {
      report(path, `${path} must not contain a password. Write { env: NAME } or { file: PATH } for the whole URL`)
    }
  }
}

function addressIn(tls: Check): Check {
  const host = objectOf(
    { host: text, 'port!': numberIn(0, 65_535, { isWhole: true }), tls },
    'an object with host and port',
  )
  const socket = objectOf(
    { 'socket!': text, mode: textLike(/^0?[0-7]{3}$/, 'a file mode in octal, such as "0660"') },
    'an object with socket',
  )
  const descriptor = objectOf({ 'descriptor!': numberIn(3, 65_535, { isWhole: true }) }, 'an object with descriptor')
  return (value, path, report) => {
    if (isObject(value) && Object.hasOwn(value, 'socket')) socket(value, path, report)
    else if (isObject(value) && Object.hasOwn(value, 'descriptor')) descriptor(value, path, report)
    else host(value, path, report)
  }
}

const caller: Check = (value, path, report) => {
  objectOf(
    {
      keys: listOf(
        textLike(/^sha256:[0-9a-f]{64}$/, 'a digest, as `nightlatch-gateway key NAME` prints it (sha256:...)'),
        { minimum: 1, of: 'digests' },
      ),
      jwt: objectOf(
        { 'issuer!': text, 'audience!': text, 'subject!': text, 'jwks!': url },
        'an object with issuer, audience, subject and jwks',
      ),
      certificate: text,
      concurrency: numberIn(1, largest, { unit: 'requests', isWhole: true }),
    },
    'an object with keys, jwt or certificate',
  )(value, path, report)
  if (!isObject(value)) return
  const { keys, jwt, certificate } = value
  if (keys === undefined && jwt === undefined && certificate === undefined) {
    report(path, `${path} must have \`keys\`, \`jwt\` or \`certificate\`. \`nightlatch-gateway key NAME\` makes a key`)
  }
  if (Array.isArray(keys) && keys.length > 2) report(`${path}.keys`, `${path}.keys must have at most two entries`)
}

const callersOfRule: Check = (value, path, report) => {
  if (value !== '*') listOf(text, { minimum: 1, of: 'callers, or "*"' })(value, path, report)
}

const method: Check = (value, path, report) => {
  textLike(/^[A-Z][A-Z-]*$/, 'a method in upper-case letters, such as GET')(value, path, report)
  if (value === 'CONNECT' || value === 'TRACE') report(path, `${path} must not be ${value}, which is never forwarded`)
}

const pathPattern: Check = (value, path, report) => {
  textLike(/^\/[^?#\\]*$/, 'a path that starts with / and has no query, such as /v1/**')(value, path, report)
  if (typeof value === 'string' && value.split('/').some((segment) => segment === '..' || segment === '.')) {
    report(path, `${path} must not contain the segment . or ..`)
  } else if (typeof value === 'string') findUnmatchable(value, path, report)
}

/** A rule that matches no request, or other ones than it seems to, would be noticed late. */
function findUnmatchable(pattern: string, path: string, report: Report): void {
  const isOpen = pattern.endsWith('**')
  const closed = isOpen ? pattern.slice(0, -2) : pattern
  const last = closed.slice(closed.lastIndexOf('/'))
  if (closed.includes('**') || (isOpen && last.includes('*'))) {
    report(path, `${path} must have ** only at its end, and no other * in the same segment`)
    return
  }
  // The parser reads the first segment as a name.
  const parsed = parseTarget(`/upstream${pattern}`)
  if (typeof parsed === 'string') report(path, `${path} matches no request: ${parsed}`)
  else if (parsed.path !== pattern) {
    report(path, `${path} matches no request, because paths are normalised first. Write ${parsed.path}`)
  }
}

const rule: Check = objectOf(
  {
    'callers!': callersOfRule,
    'methods!': listOf(method, { minimum: 1, of: 'methods' }),
    'paths!': listOf(pathPattern, { minimum: 1, of: 'paths' }),
  },
  'an object with callers, methods and paths',
)

const upstream: Check = objectOf(
  {
    'client!': text,
    allow: listOf(rule, { of: 'rules' }),
    authorize: listOf(text, { of: 'callers' }),
    maxBodyBytes: numberIn(0, largest, { unit: 'bytes', isWhole: true }),
    replayBytes: numberIn(0, mebibyte, { unit: 'bytes', isWhole: true }),
    timeout: numberIn(0.001, 3600, { unit: 'seconds' }),
    websocket: flag,
    forwarded: flag,
  },
  'an object with client and allow',
)

const tokens: Check = objectOf(
  { 'callers!': callersOfRule, minimumLifetime: numberIn(0.001, 604_800, { unit: 'seconds' }) },
  'an object with callers',
)

function findNameMistake(name: string): string | undefined {
  if (name.length <= 64 && /^[a-z0-9][a-z0-9._-]*$/i.test(name)) return undefined
  return 'a name must have at most 64 letters, digits, dots, dashes and underscores'
}

/** The first segments of the gateway's own routes. */
const ownRoutes: readonly string[] = ['token', 'authorize', 'rejected']

function findUpstreamNameMistake(name: string): string | undefined {
  if (!ownRoutes.includes(name)) return findNameMistake(name)
  return `/${name} is a route of the gateway itself; choose another name`
}
