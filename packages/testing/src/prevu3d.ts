/**
 * Prevu3D RealityConnect by its documents: 'Client Credentials Flow' (the newer page), 'Guide: Connecting to the API' (the
 * older page) and the introduction. Comments mark what is undocumented, because the real service may differ there.
 */
import type { Assembly, Emulation, Route, Site } from './emulation.ts'
import type { Answer, Fault } from './faults.ts'
import { isForm, type RecordedRequest } from './recorded-request.ts'
import { type EmulatedCredentials, type RotationOptions, readBasic, registerClient } from './registered-client.ts'
import type { Emulator } from './start-emulator.ts'
import { createTokenIssuer, type VerifiedToken } from './token-issuer.ts'

/** US East, EU Central, Asia North, Canada Central. */
export type Prevu3dRegion = 'ue1' | 'ec1' | 'an1' | 'cc1'

/** A node of the organisation. */
export interface Prevu3dNode {
  /** A UUID. */
  readonly id: string
  readonly name: string
  readonly type: 'division' | 'site' | 'folder' | 'asset'
  readonly children?: readonly Prevu3dNode[]
}

/** Options of `prevu3dEmulation`. */
export interface Prevu3dEmulationOptions {
  /** Default: random for each emulator. */
  readonly clientId?: string
  /** Default: random for each emulator, with characters that each encoding writes differently. */
  readonly clientSecret?: string
  /** The organisation's region; default `'ue1'`. */
  readonly region?: Prevu3dRegion
  /** Default: 'Test Organization', from Prevu3D's sample. */
  readonly organization?: { readonly id: string; readonly name: string }
  /** Lifetime of a token, in seconds; default 3600. */
  readonly lifetime?: number
  /**
   * `expiresIn` of the response: the lifetime, as on the newer page (default), or the lifetime minus the Unix time, as on
   * the older page.
   */
  readonly expiresIn?: 'documented' | 'negative'
  /** Whether the token contains `iat` and `exp`; default true. */
  readonly timeClaims?: boolean
  /**
   * Whether the organisation's region has its own origin, as in reality, so that the provider requires `apiOrigins`; default
   * false, which puts the region at the emulator's `url`. The other regions always have their own origins.
   */
  readonly separateRegion?: boolean
  /** The end of the discovered `apiUrl`; default `''`, as in the sample. */
  readonly apiUrlSuffix?: '' | '/' | '/v1' | '/v1/'
  /**
   * The first layer of access, the application's scopes; default `['read:basic', 'read:hierarchy']`. Browsing requires
   * `read:hierarchy`.
   */
  readonly scopes?: readonly string[]
  /** The second layer: whether the service user has content access; default true. */
  readonly contentAccess?: boolean
  /** The third layer: whether the service user has a role on the nodes; default true. */
  readonly role?: boolean
  /** The organisation's nodes; default: a small tree. */
  readonly divisions?: readonly Prevu3dNode[]
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number
}

/** Members that `prevu3dEmulation` adds to its emulator. */
export interface Prevu3dOffers {
  /** Valid credentials, to pass to `createClient`. */
  readonly credentials: EmulatedCredentials
  readonly organization: { readonly id: string; readonly name: string }
  /** The organisation's nodes. */
  readonly divisions: readonly Prevu3dNode[]
  /** The `apiUrl` that discovery returns. */
  readonly apiUrl: string
  /** The origins of all four regions, to pass to the provider as `apiOrigins`. */
  readonly apiOrigins: readonly string[]
  /** Issues a token like the token endpoint; `lifetime` in seconds, default the emulation's. */
  issueToken(options?: { readonly lifetime?: number }): Promise<string>
  /** Replaces the secret, by default with a random one; earlier secrets stop working, unless they `overlap`. */
  rotateSecret(clientSecret?: string, options?: RotationOptions): EmulatedCredentials
}

/** An emulator of `prevu3dEmulation`; its `url` replaces `https://cloud-api.prevu3d.com`. */
export type Prevu3dEmulator = Emulator & Prevu3dOffers

const regions: readonly Prevu3dRegion[] = ['ue1', 'ec1', 'an1', 'cc1']

/**
 * Emulates Prevu3D: token endpoint, discovery and node tree, with an origin for each other region.
 *
 * @example
 * ```ts
 * await using emulator = await startEmulator(prevu3dEmulation())
 * const provider = prevu3d({ cloudApiUrl: emulator.url, apiOrigins: emulator.apiOrigins })
 * await using client = createClient(provider, { credentials: emulator.credentials })
 * ```
 */
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
    // From the sample of the newer page.
    organization = { id: '217ebd23-ec54-4af0-a6d6-4a441a6d1966', name: 'Test Organization' },
    divisions = sampleDivisions,
  } = options
  const client = registerClient(options.clientId ?? crypto.randomUUID(), options.clientSecret)
  const tokens = await createTokenIssuer('ES512', now)
  const serviceUserId = crypto.randomUUID()
  const originOf = (name: Prevu3dRegion): string => (name === region && !separateRegion ? site.url : site.origin(name))
  const apiUrlIn = (name: Prevu3dRegion): string => `${originOf(name)}/realityconnect-api${apiUrlSuffix}`
  const nodes = indexNodes(organization.id, divisions)

  // The service user, with `lastName` and `email` in the form of the older page's sample.
  const user = {
    id: serviceUserId,
    firstName: 'Test',
    lastName: 'OAuth Application',
    email: `oauth-${serviceUserId}@serviceaccount`,
  }

  const issueToken = (wanted: { readonly lifetime?: number } = {}): Promise<string> =>
    tokens.issue(
      // The claims of that sample, in its order, without its last one (`sessionExpires…`), which is cut off. `iat` and `exp`
      // are undocumented; `timeClaims: false` omits them.
      { ...user, refreshTokenId: crypto.randomUUID(), scopes: ['OAuth'], ver: 1, kid: 'cloud-platform' },
      { lifetime: wanted.lifetime ?? lifetime, timeClaims },
    )

  const answerToken = async (request: RecordedRequest): Promise<Answer> => {
    // Not form-encoded, as in the vendor's Python script.
    const presented = readBasic(request, 'raw')
    // The status is documented, the body is not; `hasError` is the only marker that the pages show.
    if (presented === undefined || client.verify(presented) !== 'accepted') return failure(401)
    // The next two responses are undocumented.
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
    const refused = refuseToken(await tokens.verify(request), fault)
    if (refused !== undefined) return refused
    const next = regions[(regions.indexOf(region) + 1) % regions.length] ?? region
    const apiUrl = fault?.name === 'wrongRegion' ? String(fault.apiUrl ?? apiUrlIn(next)) : apiUrlIn(region)
    // The sample omits the fields of `user`; here they are those of the token.
    return { body: { user, organization, scopes, apiUrl } }
  }

  const answerBrowse = async (
    request: RecordedRequest,
    at: Prevu3dRegion,
    id: string,
    fault: Fault | undefined,
  ): Promise<Answer> => {
    const refused = refuseToken(await tokens.verify(request), fault)
    if (refused !== undefined) return refused
    // The 403 is documented; the scope required for browsing and the order of the layers are not.
    if (!scopes.includes('read:hierarchy')) return message(403, 'Forbidden')
    // Undocumented: a region has no nodes of organisations in other regions.
    const children = at === region ? nodes.get(id) : undefined
    if (children === undefined) return message(404, 'Not Found')
    if (!contentAccess) {
      // The 403 of a node without access is documented. The organisation's empty list is inferred: it lists visible nodes,
      // and a new service user sees none.
      return id === organization.id ? { body: [] } : message(403, 'Forbidden')
    }
    if (!role) return message(403, 'Forbidden')
    // 'A list of divisions' is documented; its fields and the absence of pages are not.
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
        // The rest of the API is not emulated, but faults affect it.
        {
          origin: originOf(at),
          path: /^\/realityconnect-api\//,
          part: 'api',
          shows: ['revoked'],
          answer: async (request, { fault }) =>
            refuseToken(await tokens.verify(request), fault) ?? message(404, 'Not Found'),
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

/** Undocumented: the pages promise JSON and standard status codes, but show no error body. */
function message(status: number, text: string): Answer {
  return { status, body: { message: text } }
}

function refuseToken(found: VerifiedToken, fault: Fault | undefined): Answer | undefined {
  if (found.valid && fault?.name !== 'revoked') return undefined
  return { ...message(401, 'Unauthorized'), headers: { 'www-authenticate': 'Bearer' } }
}

/** Maps each node's id to its children. */
function indexNodes(id: string, children: readonly Prevu3dNode[]): Map<string, readonly Prevu3dNode[]> {
  return new Map([[id, children], ...children.flatMap((child) => [...indexNodes(child.id, child.children ?? [])])])
}

/** The levels (organisation, division, site, folder, asset) are documented; the names and ids are made up. */
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
