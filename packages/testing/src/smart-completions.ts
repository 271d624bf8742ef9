/**
 * Hexagon's Smart Completions behind an Okta-shaped authorization server, from the 'Smart API Programmer's Getting Started
 * Guide' (5.3.18, 'Client credentials workflow'), the Reference Guide (resource paths) and the installation guides (scopes,
 * claims). Okta's two error shapes are from its support pages. Where these are silent a comment says that the choice is ours.
 */
import { type Assembly, type Emulation, exactly, literally, type Route, type Site } from './emulation.ts'
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

/** A project of an instance; its fields are ours. */
export interface SmartCompletionsProject {
  readonly Id: number
  readonly Name: string
}

/** How the emulated installation differs from the default. */
export interface SmartCompletionsEmulationOptions {
  /** Default: made anew for each emulator. */
  readonly clientId?: string
  /** Default: made anew for each emulator, with the characters that encodings differ in. */
  readonly clientSecret?: string
  /** How a Basic header is read; default `'raw'`, the plain Base64 of the guide. */
  readonly basicEncoding?: BasicEncoding
  /** The scopes that may be asked for, matched with their case; default `['ingr.api']`. */
  readonly scopes?: readonly string[]
  /** Of a token, in seconds; default 3600. */
  readonly lifetime?: number
  /** The names of the users of Smart Completions; default: one named as the client id, as the client credentials grant needs. */
  readonly productUsers?: readonly string[]
  /** The projects of each instance, by the instance's number; default: three projects in instance 2. */
  readonly instances?: Readonly<Record<number, readonly SmartCompletionsProject[]>>
  /** The most entities of one answer, the rest behind `@odata.nextLink`; default: all. */
  readonly pageSize?: number
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number
}

/** What an emulator of `smartCompletionsEmulation` has beyond every emulator's own. */
export interface SmartCompletionsOffers {
  /** What the token endpoint accepts, ready for `createClient`. */
  readonly credentials: EmulatedCredentials
  /** The product's origin, for the `host` of the provider; the API is at `<host>/sc/datalake/v1`. */
  readonly host: string
  /** For the `authorizationServer` of the provider; the token endpoint is at `<this>/v1/token`. */
  readonly authorizationServer: string
  /** A token as the token endpoint would issue; `lifetime` in seconds, by default the emulation's. */
  issueToken(options?: { readonly lifetime?: number; readonly scopes?: readonly string[] }): Promise<string>
  /** Replaces the secret, by default with a new one; those before are refused from now on, unless they `overlap`. */
  rotateSecret(clientSecret?: string, options?: RotationOptions): EmulatedCredentials
}

/** An emulator of `smartCompletionsEmulation`; its `url` stands for the authorization server's host. */
export type SmartCompletionsEmulator = Emulator & SmartCompletionsOffers

/** An Okta-shaped authorization server, and on an origin of its own the OData service of Smart Completions. */
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
        // Documented: the audience is a GUID in upper case. This one is ours.
        aud: 'A1B2C3D4-0000-4000-8000-00000000ABCD',
        // Documented: the claim is the user's name, or the client id where no user is signed in.
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
    switch (client.judge(presented)) {
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
    // The guides make no scope a default one: a request has to name what it wants.
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

  /** Refuses a request to the API that has no valid token, or one of nobody that the product knows. */
  const refuse = async (request: RecordedRequest, fault: Fault | undefined): Promise<Answer | undefined> => {
    const found = await tokens.examine(request)
    if (!found.valid || fault?.name === 'revoked') {
      // 'Token validation failed' is the text of a sibling product, Smart Instrumentation.
      return { ...odataError(401, 'Token validation failed'), headers: { 'www-authenticate': 'Bearer' } }
    }
    // Documented: a user of the product must have the name in `sub`. That its lack is a 403 is ours.
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
        path: exactly(`${authorizationServerPath}/v1/token`),
        part: 'token',
        answer: answerToken,
      },
      {
        origin: site.url,
        method: 'GET',
        path: new RegExp(
          `^${literally(authorizationServerPath)}/\\.well-known/(?:openid-configuration|oauth-authorization-server)$`,
        ),
        part: 'discovery',
        answer: () => ({ body: metadata }),
      },
      {
        origin: site.url,
        method: 'GET',
        path: exactly(`${authorizationServerPath}/v1/keys`),
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

/** Okta's own shape, which an unknown client id is answered in. */
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
    path: new RegExp(`^${literally(apiPath)}${path}$`),
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
    // Ours: the guides show the path of an instance's projects, and not what the instances themselves look like.
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
    // Documented is that a POST of JSON creates; the fields of a project are ours.
    guarded('POST', projectsPath, (request, [id]) => {
      const projects = instances.get(Number(id))
      if (projects === undefined) return odataError(404, 'There is no such instance')
      const name = readName(request.body)
      if (name === undefined) return odataError(400, "A project needs a 'Name'")
      const project = { Id: Math.max(0, ...projects.map((known) => known.Id)) + 1, Name: name }
      projects.push(project)
      return odata(201, { '@odata.context': `${base}/$metadata#Instances(${id})/Projects/$entity`, ...project })
    }),
    // The rest of the API is not emulated, but faults hit it.
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

/** A collection, with the system query options that every example of the guides uses: `$top`, `$skip`, `$count`. */
function page(
  request: RecordedRequest,
  context: string,
  all: readonly object[],
  pageSize = Number.POSITIVE_INFINITY,
): Answer {
  const known = ['$top', '$skip', '$count']
  const unknown = [...request.query.keys()].find((name) => name.startsWith('$') && !known.includes(name))
  // OData 4.01 Protocol, section 11.2.1: what a service does not support it must refuse.
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

/** OData JSON Format 4.01, section 21.1. */
function odataError(status: number, message: string): Answer {
  return odata(status, { error: { code: String(status), message } })
}

/** The fields and values are ours. */
const sampleProjects: readonly SmartCompletionsProject[] = [
  { Id: 1, Name: 'Refinery Turnaround' },
  { Id: 2, Name: 'Pump Station' },
  { Id: 3, Name: 'Tank Farm' },
]
