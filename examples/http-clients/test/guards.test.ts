import { inspect } from 'node:util'
import { type Client, createClient, NightlatchError, type Provider } from '@nightlatch/core'
import { type Answer, type StandardEmulator, standardEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { type Example, examples } from './examples.ts'

interface Scene extends AsyncDisposable {
  readonly emulator: StandardEmulator
  readonly client: Client
  /** Runs the example against the API, or against another base URL. */
  run(baseUrl?: string): Promise<unknown>
  /** What it fails with; fails itself where the example does not. */
  failure(baseUrl?: string): Promise<unknown>
}

const item = 'a lamp'

async function startScene(example: Example, departures: Partial<Provider> = {}): Promise<Scene> {
  const emulator = await startEmulator(standardEmulation())
  const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint, api: emulator.apiUrl, ...departures }
  const client = createClient(acme, { credentials: emulator.credentials, timeout: 30 })
  const run: Scene['run'] = (baseUrl = emulator.apiUrl) => example.run(client, baseUrl, item, emulator.url)
  if (example.isGraph) answerGraphs(emulator)
  return {
    emulator,
    client,
    run,
    failure: (baseUrl) =>
      run(baseUrl).then(
        () => expect.unreachable('it succeeded'),
        (error: unknown) => error,
      ),
    async [Symbol.asyncDispose]() {
      await client.close()
      await emulator.close()
    },
  }
}

/** What GraphQL clients can read, for every token but the refused ones. */
function answerGraphs(emulator: StandardEmulator, refused?: string): void {
  emulator.faults.set('api', {
    name: 'answer',
    answer: ({ headers }) => (headers.get('authorization') === refused ? { status: 401 } : graphAnswer()),
  })
}

function graphAnswer(): Answer {
  return { body: { data: { order: { item } } } }
}

function requestsOf({ emulator }: Scene, part: 'token' | 'api'): readonly StandardEmulator['requests'][number][] {
  return emulator.requests.filter((request) => request.part === part)
}

function codesIn(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return []
  const below = [error.cause, 'networkError' in error ? error.networkError : undefined]
  return [...(error instanceof NightlatchError ? [error.code] : []), ...below.flatMap(codesIn)]
}

/** Everything that a log may make of an error. */
function printed(error: unknown): string {
  const chain: unknown[] = []
  for (let next = error; next instanceof Error && chain.length < 9; next = next.cause) chain.push(next)
  return chain.map((link) => `${inspect(link, { depth: Number.POSITIVE_INFINITY })} ${toJson(link)} ${link}`).join('\n')
}

function toJson(value: unknown): string {
  const seen = new Set<unknown>()
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === 'bigint') return `${member}`
    if (typeof member !== 'object' || member === null) return member
    if (seen.has(member)) return '[seen]'
    seen.add(member)
    return member
  })
}

describe.each(examples)('$name', (example) => {
  it('sends the token to the API, and answers with its data', async () => {
    await using scene = await startScene(example)
    expect(await scene.run()).toBeTruthy()
    const { value } = await scene.client.token()
    expect(requestsOf(scene, 'token')).toHaveLength(1)
    const [request, ...others] = requestsOf(scene, 'api')
    expect(others).toEqual([])
    expect(request?.method).toBe('POST')
    expect(request?.body).toContain(item)
    expect(request?.headers.get('authorization') === `Bearer ${value}`).toBe(true)
  })

  it('H1: refuses another origin before a token is asked for', async () => {
    await using scene = await startScene(example)
    const error = await scene.failure(scene.emulator.elsewhereUrl)
    if (example.checksItself)
      expect(error).toMatchObject({ message: expect.stringContaining('is not an allowed origin') })
    else expect(codesIn(error)).toContain('origin_refused')
    expect(scene.emulator.requests).toEqual([])
  })

  it(`H2: a redirect to another origin is ${example.redirect}, and shows it no token`, async () => {
    await using scene = await startScene(example)
    const { emulator, client } = scene
    const { value } = await client.token()
    emulator.faults.set('api', { name: 'redirect', to: `${emulator.elsewhereUrl}/orders` })
    const error = await scene.run().then(
      () => undefined,
      (failure: unknown) => failure,
    )
    const there = emulator.requests.filter(({ origin }) => origin !== emulator.url)
    expect(there).toHaveLength(example.redirect === 'followed' ? 1 : 0)
    if (example.redirect === 'refused') expect(codesIn(error)).toContain('origin_refused')
    if (example.redirect === 'answer') expect(error).toBeInstanceOf(Error)
    for (const { headers, body } of there) {
      expect(headers.has('authorization')).toBe(false)
      expect(`${[...headers]} ${body}`.includes(value)).toBe(false)
    }
    expect(requestsOf(scene, 'token')).toHaveLength(1)
  })

  it.runIf(example.redirect === 'followed')("H2: nor a token in a header of the provider's own", async () => {
    await using scene = await startScene(example, {
      authorizeRequest: (headers, { value }) => {
        headers.set('authorization', `Bearer ${value}`)
        headers.set('x-token', value)
      },
    })
    const { emulator } = scene
    emulator.faults.set('api', { name: 'redirect', to: `${emulator.elsewhereUrl}/orders` })
    await scene.run().catch(() => undefined)
    const [here, there, ...others] = emulator.requests.filter(({ part }) => part !== 'token')
    expect(others).toEqual([])
    expect(here?.headers.has('x-token')).toBe(true)
    expect(there?.origin).not.toBe(emulator.url)
    expect(there?.headers.has('x-token')).toBe(false)
  })

  it.runIf(example.redirect !== 'answer')('H2: a redirect within the origin keeps the token', async () => {
    await using scene = await startScene(example)
    const { emulator } = scene
    emulator.faults.set('api', { name: 'redirect', to: `${emulator.apiUrl}/moved` }, { times: 1 })
    emulator.faults.add('api', { name: 'answer', answer: example.isGraph ? graphAnswer : () => undefined })
    expect(await scene.run()).toBeTruthy()
    const [, moved, ...others] = requestsOf(scene, 'api')
    expect(others).toEqual([])
    expect(moved).toMatchObject({ method: 'POST', path: '/api/moved', body: expect.stringContaining(item) })
    expect(moved?.headers.has('authorization')).toBe(true)
  })

  it('H2: the refusal of another origin, to which the API redirected, costs no token', async () => {
    await using scene = await startScene(example)
    await using other = await startEmulator(standardEmulation())
    scene.emulator.faults.set('api', { name: 'redirect', to: `${other.apiUrl}/orders` })
    await scene.failure()
    expect(scene.emulator.requests.map(({ part }) => part)).toEqual(['token', 'api'])
    expect(other.requests).toHaveLength(example.redirect === 'followed' ? 1 : 0)
  })

  it('H3: replaces a refused token once, and sends the body again', async () => {
    await using scene = await startScene(example)
    const { emulator } = scene
    const refused = await scene.client.token()
    if (example.isGraph) answerGraphs(emulator, `Bearer ${refused.value}`)
    else emulator.faults.set('api', { name: 'revoked' })
    expect(await scene.run()).toBeTruthy()
    expect(emulator.requests.map(({ part }) => part)).toEqual(['token', 'api', 'token', 'api'])
    const [first, second] = requestsOf(scene, 'api')
    expect(first?.body).toContain(item)
    expect(second?.body).toBe(first?.body)
    expect(second?.headers.get('content-type')).toBe(first?.headers.get('content-type'))
  })

  it('H3: repeats no more than once', async () => {
    await using scene = await startScene(example)
    scene.emulator.faults.set('api', { name: 'answer', answer: { status: 401 } })
    await scene.failure()
    expect(requestsOf(scene, 'api')).toHaveLength(2)
  })

  it('H4: sends nothing without a token', async () => {
    await using scene = await startScene(example)
    scene.emulator.rotateSecret()
    expect(codesIn(await scene.failure())).toContain('grant_refused')
    expect(scene.emulator.requests.filter(({ part }) => part !== 'token')).toEqual([])
  })

  describe.each([
    ['a refusal', { name: 'answer', answer: { status: 403, body: { error: 'no' } } }],
    ['a failing server', { name: 'error', status: 500 }],
    ['a reset connection', { name: 'reset' }],
    ['a body that is no JSON', { name: 'answer', answer: { body: '<html>' } }],
  ] as const)('after %s', (_, fault) => {
    it('X1: the error holds no token', async () => {
      await using scene = await startScene(example)
      const { value } = await scene.client.token()
      scene.emulator.faults.set('api', fault)
      const outcome = await scene.run().catch((error: unknown) => error)
      expect(printed(outcome).includes(value)).toBe(false)
    })
  })
})
