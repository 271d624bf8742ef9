/**
 * Prevu3D's RealityConnect, from its documents: 'Client Credentials Flow' (the newer page), 'Guide: Connecting to the API'
 * (the older page, with a real sample answer) and the introduction. Where they are silent a comment says that the choice is
 * ours: no test should build on such a detail as if the real service had promised it.
 */
import type { Assembly, Emulation, Route, Site } from './emulation.ts'
import type { Answer, Fault } from './faults.ts'
import { isForm, type RecordedRequest } from './recorded-request.ts'
import { type EmulatedCredentials, type RotationOptions, readBasic, registerClient } from './registered-client.ts'
import type { Emulator } from './start-emulator.ts'
import { createTokenIssuer, type Examined } from './token-issuer.ts'

/** US East, EU Central, Asia North, Canada Central. */
export type Prevu3dRegion = 'ue1' | 'ec1' | 'an1' | 'cc1'

/** A node below the organisation. */
export interface Prevu3dNode {
  /** A UUID. */
  readonly id: string
  readonly name: string
  readonly type: 'division' | 'site' | 'folder' | 'asset'
  readonly children?: readonly Prevu3dNode[]
}

/** How the emulated organisation and its application differ from the default. */
export interface Prevu3dEmulationOptions {
  /** Default: made anew for each emulator. */
  readonly clientId?: string
  /** Default: made anew for each emulator, with the characters that encodings differ in. */
  readonly clientSecret?: string
  /** Where the organisation lives; default `'ue1'`. */
  readonly region?: Prevu3dRegion
  /** Default: the one of Prevu3D's own sample, 'Test Organization'. */
  readonly organization?: { readonly id: string; readonly name: string }
  /** Of a token, in seconds; default 3600. */
  readonly lifetime?: number
  /** What the answer says of the lifetime: as the newer page has it (default), or less the present Unix time, as on the older one. */
  readonly expiresIn?: 'documented' | 'negative'
  /** Whether the token itself holds `iat` and `exp`; default true. */
  readonly timeClaims?: boolean
  /**
   * Whether the organisation's region is an origin of its own, as in reality, so that the provider needs `apiOrigins`; default
   * false: the region is at the emulator's `url`, and that is all a provider needs. The other regions have their own always.
   */
  readonly separateRegion?: boolean
  /** How the `apiUrl` of the discovery ends; default `''`, as in the sample. */
  readonly apiUrlSuffix?: '' | '/' | '/v1' | '/v1/'
  /** The first layer of access: the application's scopes, default `['read:basic', 'read:hierarchy']`; browsing takes `read:hierarchy`. */
  readonly scopes?: readonly string[]
  /** The second layer: whether the service user was given content; default true. */
  readonly contentAccess?: boolean
  /** The third layer: whether it has a role on the nodes; default true. */
  readonly role?: boolean
  /** What the organisation holds; default: a small tree. */
  readonly divisions?: readonly Prevu3dNode[]
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number
}

/** What an emulator of `prevu3dEmulation` has beyond every emulator's own. */
export interface Prevu3dOffers {
  /** What the token endpoint accepts, ready for `createClient`. */
  readonly credentials: EmulatedCredentials
  readonly organization: { readonly id: string; readonly name: string }
  /** What the organisation holds. */
  readonly divisions: readonly Prevu3dNode[]
  /** What the discovery answers. */
  readonly apiUrl: string
  /** The origins of all four regions, for the `apiOrigins` of the provider. */
  readonly apiOrigins: readonly string[]
  /** A token as the token endpoint would issue; `lifetime` in seconds, by default the emulation's. */
  issueToken(options?: { readonly lifetime?: number }): Promise<string>
  /** Replaces the secret, by default with a new one; those before are refused from now on, unless they `overlap`. */
  rotateSecret(clientSecret?: string, options?: RotationOptions): EmulatedCredentials
}

/** An emulator of `prevu3dEmulation`; its `url` stands for `https://cloud-api.prevu3d.com`. */
export type Prevu3dEmulator = Emulator & Prevu3dOffers

const regions: readonly Prevu3dRegion[] = ['ue1', 'ec1', 'an1', 'cc1']

/** Prevu3D's token endpoint, discovery and node tree; the other regions are origins of their own, as in reality. */
export function prevu3dEmulation(options: Prevu3dEmulationOptions = {}): Emulation<Prevu3dOffers> {
  const now = options.now ?? (() => Date.now())
  return { name: 'prevu3d', otherOrigins: regions, now, build: (site) => build(site, options, now) }
}

async function build(
  site: Site,
  options: Prevu3dEmulationOptions,
  now: () => number,
): Promise<Assembly<Prevu3dOffers>> {
  const {
    region = 'ue1',
    lifetime = 3600,
    expiresIn = 'documented',
    timeClaims = true,
    apiUrlSuffix = '',
    separateRegion = false,
    scopes = ['read:basic', 'read:hierarchy'],
    contentAccess = true,
    role = true,
    // The sample of the newer page.
    organization = { id: '217ebd23-ec54-4af0-a6d6-4a441a6d1966', name: 'Test Organization' },
    divisions = sampleDivisions,
  } = options
  const client = registerClient(options.clientId ?? crypto.randomUUID(), options.clientSecret)
  const tokens = await createTokenIssuer('ES512', now)
  const serviceUserId = crypto.randomUUID()
  const originOf = (name: Prevu3dRegion): string => (name === region && !separateRegion ? site.url : site.origin(name))
  const apiUrlIn = (name: Prevu3dRegion): string => `${originOf(name)}/realityconnect-api${apiUrlSuffix}`
  const nodes = indexNodes(organization.id, divisions)

  // The service user: the form of `lastName` and `email` is that of the older page's sample.
  const user = {
    id: serviceUserId,
    firstName: 'Test',
    lastName: 'OAuth Application',
    email: `oauth-${serviceUserId}@serviceaccount`,
  }

  const issueToken = (wanted: { readonly lifetime?: number } = {}): Promise<string> =>
    tokens.issue(
      // The claims of that sample, in its order. It breaks off in a claim `sessionExpires…`, whose whole name, value and
      // unit nobody can see: it is left out. `iat` and `exp`, which follow, are ours; `timeClaims: false` leaves them out.
      { ...user, refreshTokenId: crypto.randomUUID(), scopes: ['OAuth'], ver: 1, kid: 'cloud-platform' },
      { lifetime: wanted.lifetime ?? lifetime, timeClaims },
    )

  const answerToken = async (request: RecordedRequest): Promise<Answer> => {
    // Joined raw, as in the vendor's Python script.
    const presented = readBasic(request, 'raw')
    // 401 is documented, the body is not: `hasError` is the one marker that the pages show.
    if (presented === undefined || client.judge(presented) !== 'accepted') return failure(401)
    // The pages say what to send and not what happens otherwise; these two are ours.
    if (!isForm(request.headers)) return failure(415)
    if (request.form.get('grant_type') !== 'client_credentials') return failure(400)
    return {
      body: {
        hasError: false,
        expiresIn: expiresIn === 'negative' ? lifetime - Math.floor(now() / 1000) : lifetime,
        accessToken: await issueToken(),
      },
    }
  }

  const answerApiInfo = async (request: RecordedRequest, fault: Fault | undefined): Promise<Answer> => {
    const refused = refuseToken(await tokens.examine(request), fault)
    if (refused !== undefined) return refused
    const next = regions[(regions.indexOf(region) + 1) % regions.length] ?? region
    const apiUrl = fault?.name === 'wrongRegion' ? String(fault.apiUrl ?? apiUrlIn(next)) : apiUrlIn(region)
    // `user` is an ellipsis in the sample; that its fields are those of the token is ours.
    return { body: { user, organization, scopes, apiUrl } }
  }

  const answerBrowse = async (
    request: RecordedRequest,
    at: Prevu3dRegion,
    id: string,
    fault: Fault | undefined,
  ): Promise<Answer> => {
    const refused = refuseToken(await tokens.examine(request), fault)
    if (refused !== undefined) return refused
    // Ours: which scope browsing takes, and that the layers are asked in this order. The 403 is documented.
    if (!scopes.includes('read:hierarchy')) return message(403, 'Forbidden')
    // Ours: a region does not know the nodes of organisations that live in another.
    const children = at === region ? nodes.get(id) : undefined
    if (children === undefined) return message(404, 'Not Found')
    if (!contentAccess) {
      // Documented is 403 for a node out of reach. That the organisation itself lists nothing instead is inferred: a new
      // service user sees no node yet, and a list of what it sees is empty.
      return id === organization.id ? { body: [] } : message(403, 'Forbidden')
    }
    if (!role) return message(403, 'Forbidden')
    // Documented is 'a list of divisions'; its fields, and that it has no pages, are ours.
    return { body: children.map((node) => ({ id: node.id, name: node.name, type: node.type })) }
  }

  return {
    tokens,
    secrets: () => client.secrets,
    routes: [
      { origin: site.url, method: 'POST', path: /^\/oauth\/token$/, part: 'token', answer: answerToken },
      {
        origin: site.url,
        method: 'GET',
        path: /^\/oauth\/api-info$/,
        part: 'discovery',
        shows: ['revoked', 'wrongRegion'],
        answer: (request, { fault }) => answerApiInfo(request, fault),
      },
      ...regions.flatMap((at): Route[] => [
        {
          origin: originOf(at),
          method: 'GET',
          path: /^\/realityconnect-api\/v1\/nodes\/([^/]+)\/browse$/,
          part: 'api',
          shows: ['revoked'],
          answer: (request, { groups, fault }) => answerBrowse(request, at, groups[0] ?? '', fault),
        },
        // The rest of the API is not emulated, but faults hit it.
        {
          origin: originOf(at),
          path: /^\/realityconnect-api\//,
          part: 'api',
          shows: ['revoked'],
          answer: async (request, { fault }) =>
            refuseToken(await tokens.examine(request), fault) ?? message(404, 'Not Found'),
        },
      ]),
    ],
    offers: {
      get credentials() {
        return client.credentials
      },
      organization,
      divisions,
      apiUrl: apiUrlIn(region),
      apiOrigins: regions.map(originOf),
      issueToken,
      rotateSecret: client.rotateSecret,
    },
  }
}

function failure(status: number): Answer {
  return { status, body: { hasError: true } }
}

/** Ours: the pages promise JSON and standard status codes, and show no error body. */
function message(status: number, text: string): Answer {
  return { status, body: { message: text } }
}

function refuseToken(found: Examined, fault: Fault | undefined): Answer | undefined {
  if (found.valid && fault?.name !== 'revoked') return undefined
  return { ...message(401, 'Unauthorized'), headers: { 'www-authenticate': 'Bearer' } }
}

/** What each node holds, by its id. */
function indexNodes(id: string, children: readonly Prevu3dNode[]): Map<string, readonly Prevu3dNode[]> {
  return new Map([[id, children], ...children.flatMap((child) => [...indexNodes(child.id, child.children ?? [])])])
}

/** Organisation, division, site, folder, asset: the levels are documented, the names and ids are ours. */
const sampleDivisions: readonly Prevu3dNode[] = [
  {
    id: '0b6c2f3e-5b7a-4c69-9a57-0d7f5a1b1c01',
    name: 'North Division',
    type: 'division',
    children: [
      {
        id: '0b6c2f3e-5b7a-4c69-9a57-0d7f5a1b1c02',
        name: 'Plant One',
        type: 'site',
        children: [
          {
            id: '0b6c2f3e-5b7a-4c69-9a57-0d7f5a1b1c03',
            name: 'Scans',
            type: 'folder',
            children: [{ id: '0b6c2f3e-5b7a-4c69-9a57-0d7f5a1b1c04', name: 'Boiler House', type: 'asset' }],
          },
        ],
      },
    ],
  },
  { id: '0b6c2f3e-5b7a-4c69-9a57-0d7f5a1b1c05', name: 'South Division', type: 'division' },
]
