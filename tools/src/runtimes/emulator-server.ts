/** Starts emulators on behalf of the checks, which also run on runtimes that cannot start a server. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  type Answer,
  type Emulator,
  type Fault,
  type Part,
  prevu3dEmulation,
  type RecordedRequest,
  smartCompletionsEmulation,
  standardEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { calculateJwkThumbprint, EmbeddedJWK, importJWK, type JWK, jwtVerify } from 'jose'

export interface EmulatorServer {
  readonly url: string
  close(): Promise<void>
}

type AnyEmulator = Emulator & { readonly credentials: { readonly clientId: string; readonly clientSecret: string } }
type Start = (settings: { readonly publicKey?: JWK }) => Promise<AnyEmulator>

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const refusal: Answer = { status: 401, body: { error: 'invalid_client' } }
const grant = (accessToken: string, type: string): Answer => ({
  body: { access_token: accessToken, token_type: type, expires_in: 3600 },
})

const kinds: Readonly<Record<string, Start>> = {
  standard: () => startEmulator(standardEmulation()),
  prevu3d: () => startEmulator(prevu3dEmulation()),
  'smart-completions': () => startEmulator(smartCompletionsEmulation()),
  signed: ({ publicKey }) =>
    startEmulator(
      standardEmulation({
        async answerToken({ form }, issueToken) {
          try {
            if (form.get('client_assertion_type') !== ASSERTION_TYPE || form.has('client_secret')) return refusal
            const key = await importJWK({ ...publicKey, alg: 'ES256' })
            const claims = { issuer: 'robot', subject: 'robot', requiredClaims: ['aud', 'exp', 'jti'] }
            await jwtVerify(form.get('client_assertion') ?? '', key, claims)
            return grant(await issueToken(), 'Bearer')
          } catch {
            return refusal
          }
        },
      }),
    ),
  async dpop() {
    const boundTo = new Map<string, string>()
    const emulator = await startEmulator(
      standardEmulation({
        readToken: ({ headers }) => /^DPoP (.+)$/.exec(headers.get('authorization') ?? '')?.[1],
        async answerToken(request, issueToken) {
          const thumbprint = await provenKey(request)
          if (thumbprint === undefined) return { status: 400, body: { error: 'invalid_dpop_proof' } }
          const token = await issueToken()
          boundTo.set(token, thumbprint)
          return grant(token, 'DPoP')
        },
      }),
    )
    const isProved = async (request: RecordedRequest): Promise<boolean> => {
      const token = request.headers.get('authorization')?.replace(/^DPoP /, '') ?? ''
      const thumbprint = await provenKey(request, token)
      return thumbprint !== undefined && thumbprint === boundTo.get(token)
    }
    emulator.faults.set('api', {
      name: 'answer',
      answer: async (request) => ((await isProved(request)) ? undefined : { status: 401 }),
    })
    return emulator
  },
}

/**
 * Verifies a request's DPoP proof (RFC 9449 section 4.3) and returns its key's thumbprint; `undefined` if it is invalid.
 */
async function provenKey(request: RecordedRequest, token?: string): Promise<string | undefined> {
  try {
    const proof = await jwtVerify(request.headers.get('dpop') ?? '', EmbeddedJWK, { typ: 'dpop+jwt' })
    const { htm, htu, ath } = proof.payload
    if (htm !== request.method || htu !== `${request.origin}${request.path}`) return undefined
    if (token !== undefined && ath !== (await sha256(token))) return undefined
    return await calculateJwkThumbprint(proof.protectedHeader.jwk as JWK)
  } catch {
    return undefined
  }
}

async function sha256(value: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(value))
  return Buffer.from(digest).toString('base64url')
}

export async function startEmulatorServer(): Promise<EmulatorServer> {
  const emulators: AnyEmulator[] = []

  const work: Readonly<Record<string, (body: Asked) => Promise<unknown>>> = {
    async emulators({ kind = '', settings = {} }) {
      const start = kinds[kind]
      if (start === undefined) throw new Error(`unknown emulator "${kind}"`)
      const emulator = await start(settings)
      const offers = Object.entries(Object.getOwnPropertyDescriptors(emulator))
        .filter(([, { value }]) => typeof value === 'string')
        .map(([name, { value }]) => [name, value])
      const { clientId, clientSecret } = emulator.credentials
      const id = emulators.push(emulator) - 1
      return { id: String(id), offers: Object.fromEntries(offers), credentials: { clientId, clientSecret } }
    },
    async requests(body) {
      return emulatorOf(body).requests.map(({ part, path, headers }) => ({
        part,
        path,
        scheme: headers.get('authorization')?.split(' ')[0],
      }))
    },
    async faults(body) {
      if (body.part === undefined || body.fault === undefined) throw new Error('a fault requires a part')
      emulatorOf(body).faults.set(body.part, body.fault)
      return {}
    },
  }

  function emulatorOf({ id }: Asked): AnyEmulator {
    const emulator = emulators[Number(id)]
    if (emulator === undefined) throw new Error(`unknown emulator ${id}`)
    return emulator
  }

  async function answer(request: IncomingMessage): Promise<unknown> {
    const asked = work[request.url?.slice(1) ?? '']
    if (asked === undefined) throw new Error(`unknown path ${request.url}`)
    return asked(JSON.parse(await text(request)) as Asked)
  }

  const server = createServer((request, response) => {
    answer(request).then(
      (body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
      (error: unknown) => {
        response.statusCode = 400
        response.end(String(error))
      },
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      await Promise.all(emulators.map((emulator) => emulator.close()))
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Asked {
  readonly kind?: string
  readonly settings?: { readonly publicKey?: JWK }
  readonly id?: string
  readonly part?: Part
  readonly fault?: Fault
}
