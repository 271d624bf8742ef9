/**
 * Hexagon Smart Completions behind an Okta-like authorization server, by the 'Smart API Programmer's Getting Started Guide'
 * (5.3.18), the Reference Guide, the installation guides and Okta's support pages. Comments mark what is undocumented.
 */
import { type Assembly, type Emulation, escapePattern, pathPattern, type Route, type Site } from './emulation.ts'
import type { Answer, Fault } from './faults.ts'
import type { RecordedRequest } from './recorded-request.ts'
import {
  type BasicEncoding,
  type EmulatedCredentials,
  type RotationOptions,
  readBasic,
  readPost,
  registerClient,
} from './registered-client.ts'
import { oauthError, refuseMalformed } from './rfc6749.ts'
import type { Emulator } from './start-emulator.ts'
import { createTokenIssuer } from './token-issuer.ts'

/** A project of an instance; its fields are undocumented. */
export interface SmartCompletionsProject {
  readonly Id: number
  readonly Name: string
}

/** Options of `smartCompletionsEmulation`. */
export interface SmartCompletionsEmulationOptions {
  /** Default: random for each emulator. */
  readonly clientId?: string
  /** Default: random for each emulator, with characters that each encoding writes differently. */
  readonly clientSecret?: string
  /** How a Basic header is decoded; default `'raw'`, the plain Base64 of the guide. */
  readonly basicEncoding?: BasicEncoding
  /** The scopes that can be requested, case-sensitive; default `['ingr.api']`. */
  readonly scopes?: readonly string[]
  /** Lifetime of a token, in seconds; default 3600. */
  readonly lifetime?: number
  /**
   * The names of the product's users; default: one named like the client id, which the client credentials grant requires.
   */
  readonly productUsers?: readonly string[]
  /** The projects of each instance, by the instance's number; default: three projects in instance 2. */
  readonly instances?: Readonly<Record<number, readonly SmartCompletionsProject[]>>
  /** Entities per response, with the rest behind `@odata.nextLink`; default: all. */
  readonly pageSize?: number
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number
}

/** Members that `smartCompletionsEmulation` adds to its emulator. */
export interface SmartCompletionsOffers {
  /** Valid credentials, to pass to `createClient`. */
  readonly credentials: EmulatedCredentials
  /** The product's origin, to pass to the provider as `host`; the API is at `<host>/sc/datalake/v1`. */
  readonly host: string
  /** To pass to the provider as `authorizationServer`; the token endpoint is at `<this>/v1/token`. */
  readonly authorizationServer: string
  /** Issues a token like the token endpoint; `lifetime` in seconds, default the emulation's. */
  issueToken(options?: { readonly lifetime?: number; readonly scopes?: readonly string[] }): Promise<string>
  /** Replaces the secret, by default with a random one; earlier secrets stop working, unless they `overlap`. */
  rotateSecret(clientSecret?: string, options?: RotationOptions): EmulatedCredentials
}

/** An emulator of `smartCompletionsEmulation`; its `url` is the authorization server's origin. */
export type SmartCompletionsEmulator = Emulator & SmartCompletionsOffers

/**
 * Emulates an Okta-like authorization server and, on a separate origin, the OData service of Smart Completions.
 *
 * @example
 * ```ts
 * await using emulator = await startEmulator(smartCompletionsEmulation())
 * const { host, authorizationServer, credentials } = emulator
 * await using client = createClient(smartCompletions({ host, authorizationServer }), { credentials })
 * ```
 */
export function smartCompletionsEmulation(
  options: SmartCompletionsEmulationOptions = {},
): Emulation<SmartCompletionsOffers> {
  const now = options.now ?? (() => Date.now())
  return { name: 'smart-completions', otherOrigins: ['product'], now, build: (site) => build(site, options, now) }
}

const authorizationServerPath = '/oauth2/aus1'
const apiPath = '/sc/datalake/v1'

async function build(
  site: Site,
  options: SmartCompletionsEmulationOptions,
  now: () => number,
): Promise<Assembly<SmartCompletionsOffers>> {
  const { lifetime = 3600, basicEncoding = 'raw', scopes: knownScopes = ['ingr.api'] } = options
  const client = registerClient(options.clientId ?? `client-${crypto.randomUUID()}`, options.clientSecret)
  const { clientId } = client.credentials
  const productUsers = options.productUsers ?? [clientId]
  const tokens = await createTokenIssuer('ES256', now)
  const authorizationServer = `${site.url}${authorizationServerPath}`
  const host = site.origin('product')

  const issueToken: SmartCompletionsOffers['issueToken'] = (wanted = {}) =>
    tokens.issue(
      {
        iss: authorizationServer,
        // Documented: the audience is a GUID in upper case; this value is made up.
        aud: 'A1B2C3D4-0000-4000-8000-00000000ABCD',
        // Documented: the user's name, or the client id if no user is signed in.
        sub: clientId,
        scp: wanted.scopes ?? knownScopes,
        jti: crypto.randomUUID(),
      },
      { lifetime: wanted.lifetime ?? lifetime },
    )

  const answerToken = async (request: RecordedRequest): Promise<Answer> => {
    const refused = refuseMalformed(request)
    if (refused !== undefined) return refused
    const presented = readBasic(request, basicEncoding) ?? readPost(request)
    if (presented === undefined) return oauthError(401, 'invalid_client', 'No client credentials found.')
    switch (client.verify(presented)) {
      case 'unknown client':
        return unknownClient()
      case 'wrong secret':
        return oauthError(401, 'invalid_client', 'The client secret supplied for a confidential client is invalid.')
    }
    const grantType = request.form.get('grant_type')
    if (!grantType) return oauthError(400, 'invalid_request', 'The grant_type is missing.')
    if (grantType !== 'client_credentials') {
      return oauthError(400, 'unsupported_grant_type', 'The grant type is not supported by the authorization server.')
    }
    // The guides define no default scope, so a request must name one.
    const scopes = request.form.get('scope')?.split(' ').filter(Boolean) ?? []
    if (scopes.length === 0) return oauthError(400, 'invalid_scope', "There is no default scope: 'scope' must be sent.")
    if (!scopes.every((scope) => knownScopes.includes(scope))) {
      return oauthError(400, 'invalid_scope', 'One or more scopes are not configured for the authorization server.')
    }
    // Other parameters, such as `resource`, are ignored: documented for Okta.
    return {
      headers: { 'cache-control': 'no-store' },
      body: {
        token_type: 'Bearer',
        expires_in: lifetime,
        access_token: await issueToken({ scopes }),
        scope: scopes.join(' '),
      },
    }
  }

  /** Rejects an API request without a valid token, or whose target is not a user of the product. */
  const refuse = async (request: RecordedRequest, fault: Fault | undefined): Promise<Answer | undefined> => {
    const found = await tokens.verify(request)
    if (!found.valid || fault?.name === 'revoked') {
      // 'Token validation failed' is the message of a related product, Smart Instrumentation.
      return { ...odataError(401, 'Token validation failed'), headers: { 'www-authenticate': 'Bearer' } }
    }
    // A product user named like `sub` is documented as required; the 403 is not.
    const sub = String(found.claims.sub)
    return productUsers.includes(sub) ? undefined : odataError(403, 'No user of this name')
  }

  const metadata = {
    issuer: authorizationServer,
    token_endpoint: `${authorizationServer}/v1/token`,
    jwks_uri: `${authorizationServer}/v1/keys`,
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    response_types_supported: [],
    scopes_supported: knownScopes,
  }

  return {
    tokens,
    secrets: () => client.secrets,
    routes: [
      {
        origin: site.url,
        method: 'POST',
        path: pathPattern(`${authorizationServerPath}/v1/token`),
        part: 'token',
        answer: answerToken,
      },
      {
        origin: site.url,
        method: 'GET',
        path: new RegExp(
          `^${escapePattern(authorizationServerPath)}/\\.well-known/(?:openid-configuration|oauth-authorization-server)$`,
        ),
        part: 'discovery',
        answer: () => ({ body: metadata }),
      },
      {
        origin: site.url,
        method: 'GET',
        path: pathPattern(`${authorizationServerPath}/v1/keys`),
        part: 'discovery',
        answer: () => ({ body: { keys: [tokens.publicKey] } }),
      },
      ...apiRoutes(host, refuse, options),
    ],
    offers: {
      get credentials() {
        return client.credentials
      },
      host,
      authorizationServer,
      issueToken,
      rotateSecret: client.rotateSecret,
    },
  }
}

/** Okta's own error format, used for an unknown client id. */
function unknownClient(): Answer {
  return {
    status: 401,
    body: {
      errorCode: 'invalid_client',
      errorSummary: "Invalid value for 'client_id' parameter.",
      errorLink: 'invalid_client',
      errorId: `oae${crypto.randomUUID().replaceAll('-', '')}`,
      errorCauses: [],
    },
  }
}

type Refuse = (request: RecordedRequest, fault: Fault | undefined) => Promise<Answer | undefined>

function apiRoutes(host: string, refuse: Refuse, options: SmartCompletionsEmulationOptions): Route[] {
  const instances = new Map(
    Object.entries(options.instances ?? { 2: sampleProjects }).map(([id, projects]) => [Number(id), [...projects]]),
  )
  const base = `${host}${apiPath}`

  const guarded = (
    method: string | undefined,
    path: string,
    answer: (request: RecordedRequest, groups: readonly string[]) => Answer,
  ): Route => ({
    origin: host,
    ...(method !== undefined && { method }),
    path: new RegExp(`^${escapePattern(apiPath)}${path}$`),
    part: 'api',
    shows: ['revoked'],
    answer: async (request, { groups, fault }) => (await refuse(request, fault)) ?? answer(request, groups),
  })

  const projectsPath = '/Instances\\((\\d+)\\)/Projects'
  return [
    guarded('GET', '/?', () =>
      odata(200, {
        '@odata.context': `${base}/$metadata`,
        value: [{ name: 'Instances', kind: 'EntitySet', url: 'Instances' }],
      }),
    ),
    // Undocumented: the guides show the path of an instance's projects, but not the instances.
    guarded('GET', '/Instances', (request) =>
      page(
        request,
        `${base}/$metadata#Instances`,
        [...instances.keys()].map((Id) => ({ Id })),
        options.pageSize,
      ),
    ),
    guarded('GET', projectsPath, (request, [id]) => {
      const projects = instances.get(Number(id))
      if (projects === undefined) return odataError(404, 'There is no such instance')
      return page(request, `${base}/$metadata#Instances(${id})/Projects`, projects, options.pageSize)
    }),
    // Creating by a POST of JSON is documented; the fields of a project are not.
    guarded('POST', projectsPath, (request, [id]) => {
      const projects = instances.get(Number(id))
      if (projects === undefined) return odataError(404, 'There is no such instance')
      const name = readName(request.body)
      if (name === undefined) return odataError(400, "A project needs a 'Name'")
      const project = { Id: Math.max(0, ...projects.map((known) => known.Id)) + 1, Name: name }
      projects.push(project)
      return odata(201, { '@odata.context': `${base}/$metadata#Instances(${id})/Projects/$entity`, ...project })
    }),
    // The rest of the API is not emulated, but faults affect it.
    guarded(undefined, '/.*', () => odataError(404, 'There is no such resource')),
  ]
}

function readName(body: string): string | undefined {
  try {
    const name: unknown = JSON.parse(body)?.Name
    return typeof name === 'string' && name !== '' ? name : undefined
  } catch {
    return undefined
  }
}

/** A page of a collection, with the query options of the guides: `$top`, `$skip`, `$count`. */
function page(
  request: RecordedRequest,
  context: string,
  all: readonly object[],
  pageSize = Number.POSITIVE_INFINITY,
): Answer {
  const known = ['$top', '$skip', '$count']
  const unknown = [...request.query.keys()].find((name) => name.startsWith('$') && !known.includes(name))
  // OData 4.01 Protocol, section 11.2.1: a service must reject options that it does not support.
  if (unknown !== undefined) return odataError(501, `The query option '${unknown}' is not supported`)
  const top = request.query.get('$top') ?? String(Number.MAX_SAFE_INTEGER)
  const skip = request.query.get('$skip') ?? '0'
  if (!/^\d+$/.test(top) || !/^\d+$/.test(skip)) return odataError(400, "'$top' and '$skip' must be numbers from 0")
  const wanted = all.slice(Number(skip), Number(skip) + Number(top))
  const value = wanted.slice(0, pageSize)

  const rest = new URLSearchParams(request.query)
  rest.set('$skip', String(Number(skip) + value.length))
  if (request.query.has('$top')) rest.set('$top', String(Number(top) - value.length))
  return odata(200, {
    '@odata.context': context,
    ...(request.query.get('$count') === 'true' && { '@odata.count': all.length }),
    value,
    ...(value.length < wanted.length && { '@odata.nextLink': `${request.origin}${request.path}?${rest}` }),
  })
}

function odata(status: number, body: object): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json;odata.metadata=minimal', 'odata-version': '4.0' },
    body,
  }
}

/** An error response (OData JSON Format 4.01, section 21.1). */
function odataError(status: number, message: string): Answer {
  return odata(status, { error: { code: String(status), message } })
}

/** Fields and values are made up. */
const sampleProjects: readonly SmartCompletionsProject[] = [
  { Id: 1, Name: 'Refinery Turnaround' },
  { Id: 2, Name: 'Pump Station' },
  { Id: 3, Name: 'Tank Farm' },
]
