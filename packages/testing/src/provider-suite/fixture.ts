import {
  type Client,
  type ClientEvent,
  type ClientOptions,
  createClient,
  type Fetch,
  type Provider,
} from '@nightlatch/core'
import { startLoopbackServer } from '../loopback-server.ts'
import type { Part, RecordedRequest } from '../recorded-request.ts'
import { type Emulator, startEmulator } from '../start-emulator.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite.ts'
import { encodingsOf } from './secret-places.ts'

/** A forbidden request: to a server that does not belong to the provider. */
interface StrayRequest {
  readonly url: string
  /** Headers and body, as text. */
  readonly sent: string
}

/** A provider and its emulator, for one check. */
export interface Fixture {
  readonly emulator: Emulator & ProviderOffers
  readonly provider: Provider
  readonly credentials: ClientOptions['credentials']
  /** Creates a client of the provider whose requests never leave this machine. */
  client(options?: Partial<ClientOptions>): Client
  /** The events of all clients. */
  readonly events: readonly ClientEvent[]
  /** The requests for a part that the emulator received. */
  requests(part: Part): readonly RecordedRequest[]
  /** Origin of a server that does not belong to the provider and responds to every request with 200. */
  readonly foreignServer: string
  /** What reached the foreignServer, or would have left this machine. */
  readonly strayRequests: readonly StrayRequest[]
  /** The URL of the API to call, after discovery if the provider uses it. */
  apiUrl(client: Client): Promise<URL>
  /** The last response of a part, as received. */
  lastAnswer(part: Part): AnswerSample | undefined
  /** What must not be revealed: the client secret, the credentials sent, and the marked secrets. */
  secrets(): readonly string[]
  markSecret(secret: string): void
}

/** A response as received. */
interface AnswerSample {
  readonly status: number
  readonly contentType: string | undefined
  /** The vendor's own headers, without those of the transfer. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

const transferHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
])

/** Creates a fixture, passes it to a check, and closes it. */
export type RunWithFixture = (use: (fixture: Fixture) => Promise<void>) => Promise<void>

/** @param create replaces `createClient` in the suite's own tests */
export function createFixtureRunner(
  suite: ProviderSuite<ProviderOffers, unknown>,
  create: typeof createClient = createClient,
): RunWithFixture {
  return async (use) => {
    const strayRequests: StrayRequest[] = []
    const marked: string[] = []
    const closing: (() => Promise<void>)[] = []
    const emulator = await startEmulator(suite.emulation())
    closing.push(() => emulator.close())
    const secrets = (): readonly string[] => [...new Set([...marked, ...carriedSecrets(emulator)])]
    try {
      const foreignServer = await startLoopbackServer(0, (request, response) => {
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => chunks.push(chunk))
        request.on('end', () => {
          const url = `${foreignServer.origin}${request.url}`
          strayRequests.push({ url, sent: `${request.rawHeaders.join('\n')}\n${Buffer.concat(chunks)}` })
          response.end('{}')
        })
      })
      closing.push(() => foreignServer.close())
      await use(
        createFixture(suite, create, {
          emulator,
          strayRequests,
          marked,
          closing,
          foreignServer: foreignServer.origin,
          secrets,
        }),
      )
    } catch (failure) {
      throw redactFailure(failure, secrets())
    } finally {
      for (const close of closing.toReversed()) await close()
    }
  }
}

interface FixtureParts {
  readonly emulator: Emulator & ProviderOffers
  readonly strayRequests: StrayRequest[]
  readonly marked: string[]
  readonly closing: (() => Promise<void>)[]
  readonly foreignServer: string
  readonly secrets: () => readonly string[]
}

function createFixture(
  suite: ProviderSuite<ProviderOffers, unknown>,
  create: typeof createClient,
  { emulator, strayRequests, marked, closing, foreignServer, secrets }: FixtureParts,
): Fixture {
  const provider = suite.provider(emulator)
  const credentials = suite.credentials?.(emulator) ?? emulator.credentials
  const events: ClientEvent[] = []
  const answers = new Map<Part, AnswerSample>()

  const fetch: Fetch = async (input, init) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    if (url.hostname !== '127.0.0.1' && url.hostname !== 'localhost') {
      strayRequests.push({ url: url.href, sent: `${[...request.headers].flat().join('\n')}\n${await request.text()}` })
      throw new TypeError('the conformance suite blocks requests that leave this machine')
    }
    const response = await globalThis.fetch(input, init)
    const part = emulator.requests.findLast(({ origin, path }) => origin === url.origin && path === url.pathname)?.part
    if (part !== undefined && Number(response.headers.get('content-length') ?? 0) < 100_000) {
      const contentType = response.headers.get('content-type') ?? undefined
      const headers = Object.fromEntries([...response.headers].filter(([name]) => !transferHeaders.has(name)))
      // Read in parallel to the client; a body that hangs or breaks is not recorded.
      response
        .clone()
        .text()
        .then((text) => answers.set(part, { status: response.status, contentType, headers, text }))
        .catch(() => undefined)
    }
    return response
  }

  return {
    emulator,
    provider,
    credentials,
    client(options = {}) {
      const client = create(provider, {
        credentials,
        timeout: 30,
        fetch,
        ...options,
        onEvent(event) {
          events.push(event)
          options.onEvent?.(event)
        },
      })
      closing.push(() => client.close())
      return client
    },
    events,
    requests: (part) => emulator.requests.filter((request) => request.part === part),
    foreignServer,
    strayRequests,
    async apiUrl(client) {
      if (typeof provider.api === 'function') await client.api()
      if (suite.apiUrl) return new URL(suite.apiUrl(emulator))
      const discovered = events.find((event) => event.type === 'api.discovered')
      const found = discovered?.type === 'api.discovered' ? discovered.baseUrl : provider.api
      if (typeof found === 'string' || found instanceof URL) return new URL(found)
      throw new Error(
        'The provider has no API URL. Pass testProvider an `apiUrl` to call, or `apiUrl: null` to skip the checks of the API.',
      )
    },
    lastAnswer: (part) => answers.get(part),
    secrets,
    markSecret: (secret) => void marked.push(secret),
  }
}

/** The client secret in each encoding, and the credentials sent to the token endpoint. */
function carriedSecrets(emulator: Emulator & ProviderOffers): readonly string[] {
  const { clientSecret } = emulator.credentials
  const sent = emulator.requests.flatMap(({ headers, form }) => [
    headers.get('authorization')?.split(' ').at(-1) ?? '',
    form.get('client_assertion') ?? '',
  ])
  return [...encodingsOf(clientSecret), ...sent].filter((secret) => secret.length > 7)
}

/** Redacts the secrets in a failure, because a build server's logs keep what a test prints. */
function redactFailure(failure: unknown, secrets: readonly string[]): Error {
  const error = failure instanceof Error ? failure : new Error('the check threw a value that is not an Error')
  const hide = (text: string): string => secrets.reduce((shown, secret) => shown.replaceAll(secret, '[redacted]'), text)
  const shown = new Error(hide(error.message))
  if (error.stack !== undefined) shown.stack = hide(error.stack)
  return shown
}
