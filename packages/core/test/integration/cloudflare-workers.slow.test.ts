import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import {
  type Answer,
  prevu3dEmulation,
  type RecordedRequest,
  type StandardEmulationOptions,
  type StandardEmulator,
  standardEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { waitUntil } from '../wait-until.ts'
import { bundleWorker, type Modules, startWorkerd, type Workerd, whyNoWorkerd } from './workers/start-workerd.ts'

// The runtime of Cloudflare Workers itself, asked over sockets, and a vendor that it asks over sockets.

const hindrance = whyNoWorkerd()
if (hindrance !== undefined)
  process.stderr.write(`cloudflare-workers.slow.test.ts is left out: no workerd: ${hindrance}\n`)

const modules = hindrance === undefined ? await bundleWorker(join(import.meta.dirname, 'workers/worker.ts')) : []

/** The Worker where its work cannot go on after the answer: a flight ends with the request that began it. */
const withoutWaitUntil: Modules = modules.map(([name, code]) => [
  name,
  code.replaceAll('platform.waitUntil', 'platform.noWaitUntil'),
])

if (hindrance === undefined && String(withoutWaitUntil) === String(modules)) {
  throw new Error('waitUntil is not called by the name that is taken out here')
}

/** Before September 2025 tokens went along to other origins; before October 2024 promises of dead requests hung for ever. */
const [newest, oldest] = ['2026-11-01', '2024-01-01']

interface Bench extends AsyncDisposable {
  readonly workerd: Workerd
  readonly vendor: StandardEmulator
  /** How many requests the vendor had for a part of it. */
  count(part: RecordedRequest['part']): number
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

async function startBench(
  options: StandardEmulationOptions & { readonly date?: string; readonly code?: Modules } = {},
): Promise<Bench> {
  const { date = newest, code = modules, ...emulation } = options
  const vendor = await startEmulator(standardEmulation(emulation))
  const { clientId, clientSecret } = vendor.credentials
  const bindings = {
    VENDOR: vendor.url,
    CLIENT_ID: clientId,
    CLIENT_SECRET: clientSecret,
    PRIVATE_KEY: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
  const workerd = await startWorkerd(code, bindings, date)
  return {
    workerd,
    vendor,
    count: (part) => vendor.requests.filter((request) => request.part === part).length,
    async [Symbol.asyncDispose]() {
      const said = workerd.log()
      await workerd[Symbol.asyncDispose]()
      await vendor.close()
      // It warns of what one request does to another's, and of requests that hang.
      expect(said).toBe('')
    },
  }
}

/** Holds back what the vendor answers for a part of it, or the given answer, until the returned function is called. */
function hold({ vendor }: Bench, part: RecordedRequest['part'] & string, answer?: Answer): () => void {
  const { promise, resolve } = Promise.withResolvers<Answer | undefined>()
  vendor.faults.set(part, { name: 'answer', answer: () => promise })
  return () => resolve(answer)
}

/** Waits until so many calls have begun in the Worker. */
async function untilBegun({ workerd }: Bench, calls: number): Promise<void> {
  await waitUntil(async () => expect(await workerd.ask('/begun')).toEqual([`200 ${calls}`]))
}

/** One request goes away once the vendor was asked and ten others have come. What those are answered. */
async function askAround(bench: Bench, part: RecordedRequest['part'], path: string, release = (): void => {}) {
  const { workerd, vendor } = bench
  const leave = await workerd.askAndLeave(path)
  await vendor.waitForRequest((request) => request.part === part)
  const others = workerd.ask(path, 10)
  await untilBegun(bench, 11)
  leave()
  // A request that comes after the reset is answered after workerd has seen the reset.
  await workerd.ask('/begun')
  release()
  return await others
}

/**
 * After a request to the vendor died, one caller sends another for all ten. If the machine stalls, that one may be taken for dead
 * as well, but not each caller sends its own.
 */
function expectOneForAll({ count }: Bench, part: RecordedRequest['part']): void {
  expect(count(part)).toBeGreaterThan(1)
  expect(count(part)).toBeLessThan(10)
}

describe.skipIf(hindrance !== undefined).concurrent('in workerd', () => {
  it.for([newest, oldest])('L13: fifty requests that come at once cost one grant, by the rules of %s', async (date) => {
    await using bench = await startBench({ date })
    const { workerd, count } = bench
    const release = hold(bench, 'token')
    const asked = workerd.ask('/token?client=plain', 50)
    await untilBegun(bench, 50)
    release()
    const answers = await asked
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toMatch(/^200 /)
    expect(count('token')).toBe(1)
    expect(await workerd.ask('/token?client=plain', 20)).toEqual(answers.slice(0, 20))
    expect(count('token')).toBe(1)
  })

  it.for([newest, oldest])('L13: a grant outlives the request that asked for it, by the rules of %s', async (date) => {
    await using bench = await startBench({ date })
    const release = hold(bench, 'token')
    const answers = await askAround(bench, 'token', '/token?client=plain', release)
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toMatch(/^200 /)
    expect(bench.count('token')).toBe(1)
  })

  it.for([newest, oldest])(
    'L13: a grant that dies with its request is made by another, by the rules of %s',
    async (date) => {
      await using bench = await startBench({ date, code: withoutWaitUntil })
      bench.vendor.faults.set('token', { name: 'hang' }, { times: 1 })
      const answers = await askAround(bench, 'token', '/token?client=plain')
      expect(new Set(answers).size).toBe(1)
      expect(answers[0]).toMatch(/^200 /)
      expectOneForAll(bench, 'token')
    },
  )

  it.for([
    ['discovery', '/info?client=discovering', 'api'],
    ['metadata', '/token?client=issuer', 'discovery'],
    ['credentials', '/token?client=signed', 'api'],
    ['a key that tokens are bound to', '/token?client=bound', 'token'],
  ] as const)('L13: %s: what dies with its request is done by another', async ([, path, part]) => {
    await using bench = await startBench({ code: withoutWaitUntil, ...verifyAssertion() })
    bench.vendor.faults.set(part, { name: 'hang' }, { times: 1 })
    const answers = await askAround(bench, part, path)
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toMatch(/^200 /)
    expectOneForAll(bench, part)
  })

  it('L13: the API is discovered once by requests that come at once', async () => {
    await using bench = await startBench()
    const release = hold(bench, 'api')
    const asked = bench.workerd.ask('/info?client=discovering', 20)
    await untilBegun(bench, 20)
    release()
    expect(new Set(await asked)).toEqual(new Set(['200 {"status":200}']))
    expect(bench.count('api')).toBe(1)
    expect(bench.count('token')).toBe(1)
  })

  it('L4: a refused grant fails all who wait for it, and nobody asks again in convoy', async () => {
    await using bench = await startBench()
    const release = hold(bench, 'token', { status: 400, body: { error: 'invalid_scope' } })
    const asked = bench.workerd.ask('/token?client=plain', 20)
    await untilBegun(bench, 20)
    release()
    const answers = await asked
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toMatch(/^500 .*invalid_scope/)
    expect(bench.count('token')).toBe(1)
  })

  it('L4: a deadline passes though the clock stands still between answers', async () => {
    await using bench = await startBench()
    bench.vendor.faults.set('token', { name: 'hang' })
    const answers = await bench.workerd.ask('/token?client=hurried', 10)
    expect(new Set(answers)).toEqual(
      new Set([`500 standard: ${bench.vendor.tokenEndpoint} did not give a token within 1 s`]),
    )
    // A grant has three attempts. One grant a caller would be thirty requests; who comes late may have one of their own.
    expect(bench.count('token')).toBeLessThan(15)
  })

  it.for([
    ['goes on after the answer', modules],
    ['dies with its request', withoutWaitUntil],
  ] as const)('L2: a background refresh that %s delays no caller while the token is valid', async ([, code]) => {
    await using bench = await startBench({ code, lifetime: 600 })
    const { workerd, count } = bench
    const [first = ''] = await workerd.ask('/token?client=plain')
    const release = hold(bench, 'token')
    await workerd.ask('/advance?seconds=515')
    expect(new Set(await workerd.ask('/token?client=plain', 5))).toEqual(new Set([first]))
    expect(new Set(await workerd.ask('/token?client=plain', 5))).toEqual(new Set([first]))
    if (code === modules) {
      await waitUntil(() => count('token') === 2)
      release()
      await waitUntil(async () => expect(await workerd.ask('/token?client=plain')).not.toEqual([first]))
    } else {
      // Nothing comes of the refresh, and the token lives to its end.
      release()
      await workerd.ask('/advance?seconds=86')
    }
    const answers = await workerd.ask('/token?client=plain', 10)
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toMatch(/^200 /)
    expect(answers[0]).not.toBe(first)
    if (code === modules) expect(count('token')).toBe(2)
    else expectOneForAll(bench, 'token')
  })

  it('L5, H3: twenty requests whose token is refused are repeated, for one grant', async () => {
    await using bench = await startBench()
    const { workerd, vendor, count } = bench
    await workerd.ask('/api?client=plain')
    vendor.faults.set('api', { name: 'revoked' })
    const release = hold(bench, 'token')
    const asked = workerd.ask('/api?client=plain', 20)
    await waitUntil(() => count('api') === 21)
    release()
    expect(await asked).toEqual(Array(20).fill('200 200'))
    expect(count('token')).toBe(2)
  })

  it('tokens are asked for with an assertion, and bound to a key', async () => {
    await using bench = await startBench(verifyAssertion())
    expect(await bench.workerd.ask('/api?client=signed', 10)).toEqual(Array(10).fill('200 200'))
    expect(bench.count('token')).toBe(1)
    bench.vendor.clearRequests()
    expect(await bench.workerd.ask('/api?client=bound', 10)).toEqual(Array(10).fill('200 200'))
    expect(bench.count('token')).toBe(1)
    const proofs = bench.vendor.requests.map(({ headers }) => headers.get('dpop'))
    expect(new Set(proofs).size).toBe(11)
    expect(new Set(proofs.map(keyOf)).size).toBe(1)
  })

  it.for([newest, oldest])('H2: a redirect takes no token to another origin, by the rules of %s', async (date) => {
    await using bench = await startBench({ date })
    expect(await bench.workerd.ask('/redirect?client=plain')).toEqual(['200 {"status":200,"redirected":true}'])
    const [, redirecting, elsewhere] = bench.vendor.requests
    expect(redirecting?.headers.has('authorization')).toBe(true)
    expect(elsewhere?.path).toBe('/api/redirected')
    expect(elsewhere?.headers.has('authorization')).toBe(false)
  })

  it('a bundler finds no module of Workers in the core, which those of other platforms would look for', () => {
    const comments = String.raw`(?:\s|/\*[^*]*\*/)*`
    const literal = new RegExp(`import\\(${comments}['"\`]cloudflare`)
    expect(literal.test('import(/* a */ "cloudflare:workers")')).toBe(true)
    expect(modules.filter(([, code]) => literal.test(code)).map(([name]) => name)).toEqual([])
    expect(modules.some(([, code]) => code.includes('platform.waitUntil'))).toBe(true)
  })

  it('the Worker of the documentation serves many at once, for one grant and one discovery', async () => {
    const example = join(import.meta.dirname, '../../../../examples/cloudflare-workers/src/worker.ts')
    await using vendor = await startEmulator(prevu3dEmulation())
    const { clientId, clientSecret } = vendor.credentials
    const bindings = {
      PREVU3D_CLOUD_API_URL: vendor.url,
      PREVU3D_CLIENT_ID: clientId,
      PREVU3D_CLIENT_SECRET: clientSecret,
    }
    await using workerd = await startWorkerd(await bundleWorker(example), bindings, newest)
    const answers = await workerd.ask('/', 20)
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toMatch(/^200 /)
    for (const { name } of vendor.divisions) expect(answers[0]).toContain(name)
    const parts = vendor.requests.map(({ part }) => part)
    expect(parts.filter((part) => part !== 'api').sort()).toEqual(['discovery', 'token'])
    expect(workerd.log()).toBe('')
  })

  it('L12: forgetting, and closing, break nothing off that another request waits for', async () => {
    await using bench = await startBench()
    const { workerd, vendor, count } = bench
    const release = hold(bench, 'token')
    const asked = workerd.ask('/token?client=plain', 5)
    await untilBegun(bench, 5)
    await vendor.waitForRequest((request) => request.part === 'token')
    expect(await workerd.ask('/forget?client=plain')).toEqual(['200 null'])
    expect(await workerd.ask('/close?client=plain')).toEqual(['200 null'])
    release()
    const answers = await asked
    expect(answers[0]).toMatch(/^200 /)
    expect(new Set(answers).size).toBe(1)
    const [next] = await workerd.ask('/token?client=plain')
    expect(next).toMatch(/^200 /)
    expect(next).not.toBe(answers[0])
    expect(count('token')).toBe(2)
  })
})

/** A token endpoint that takes the assertion of the Worker's key, or Basic, and binds tokens where a proof comes along. */
function verifyAssertion(): StandardEmulationOptions {
  return {
    readToken: ({ headers }) => headers.get('authorization')?.replace(/^(Bearer|DPoP) /, ''),
    async answerToken({ form, headers, origin }, issueToken) {
      const assertion = form.get('client_assertion')
      if (assertion !== null) await jwtVerify(assertion, createPublicKey(privateKey), { audience: `${origin}/token` })
      const isKnown = assertion !== null || headers.get('authorization')?.startsWith('Basic ')
      if (!isKnown) return { status: 401, body: { error: 'invalid_client' } }
      const type = headers.has('dpop') ? 'DPoP' : 'Bearer'
      return { body: { access_token: await issueToken(), token_type: type, expires_in: 3600 } }
    },
  }
}

/** The public key in a proof. */
function keyOf(proof: string | null): string {
  const { jwk } = JSON.parse(Buffer.from(proof?.split('.')[0] ?? '', 'base64url').toString())
  return `${jwk.x} ${jwk.y}`
}
