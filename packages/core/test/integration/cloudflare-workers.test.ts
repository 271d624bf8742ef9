import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import {
  prevu3dEmulation,
  type RecordedRequest,
  type StandardEmulationOptions,
  type StandardEmulator,
  standardEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { bundleWorker, type Modules, startWorkerd, type Workerd, whyNoWorkerd } from './workers/start-workerd.ts'

// The runtime of Cloudflare Workers itself, asked over sockets, and a vendor that it asks over sockets.

const hindrance = whyNoWorkerd()
if (hindrance !== undefined) process.stderr.write(`cloudflare-workers.test.ts is left out: no workerd: ${hindrance}\n`)

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

const pass = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

/** One request goes away as soon as the vendor was asked; others had come meanwhile. What they are answered. */
async function askAround({ workerd, vendor }: Bench, part: RecordedRequest['part'], path: string) {
  const leave = await workerd.askAndLeave(path)
  await vendor.waitForRequest((request) => request.part === part)
  const others = workerd.ask(path, 10)
  await pass(0.15)
  leave()
  return await others
}

describe.skipIf(hindrance !== undefined).concurrent('in workerd', () => {
  it.for([newest, oldest])('L13: fifty requests that come at once cost one grant, by the rules of %s', async (date) => {
    await using bench = await startBench({ date })
    const { workerd, vendor, count } = bench
    vendor.faults.set('token', { name: 'slow', seconds: 0.3 })
    const answers = await workerd.ask('/token?client=plain', 50)
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toMatch(/^200 /)
    expect(count('token')).toBe(1)
    expect(await workerd.ask('/token?client=plain', 20)).toEqual(answers.slice(0, 20))
    expect(count('token')).toBe(1)
  })

  it.for([newest, oldest])('L13: a grant outlives the request that asked for it, by the rules of %s', async (date) => {
    await using bench = await startBench({ date })
    bench.vendor.faults.set('token', { name: 'slow', seconds: 0.5 })
    const answers = await askAround(bench, 'token', '/token?client=plain')
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
      expect(bench.count('token')).toBe(2)
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
    // A stall of the machine may look like a death.
    expect(bench.count(part)).toBeLessThan(4)
  })

  it('L13: the API is discovered once by requests that come at once', async () => {
    await using bench = await startBench()
    bench.vendor.faults.set('api', { name: 'slow', seconds: 0.2 })
    expect(new Set(await bench.workerd.ask('/info?client=discovering', 20))).toEqual(new Set(['200 {"status":200}']))
    expect(bench.count('api')).toBe(1)
    expect(bench.count('token')).toBe(1)
  })

  it('L4: a refused grant fails all who wait for it, and nobody asks again in convoy', async () => {
    await using bench = await startBench()
    const refusal = { status: 400, body: { error: 'invalid_scope' } }
    bench.vendor.faults.set('token', { name: 'answer', answer: refusal })
    const answers = await bench.workerd.ask('/token?client=plain', 20)
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toMatch(/^500 .*invalid_scope/)
    expect(bench.count('token')).toBe(1)
  })

  it('L4: a deadline passes though the clock stands still between answers', async () => {
    await using bench = await startBench()
    bench.vendor.faults.set('token', { name: 'hang' })
    const startedAt = performance.now()
    const answers = await bench.workerd.ask('/token?client=hurried', 10)
    expect(new Set(answers)).toEqual(
      new Set([`500 standard: ${bench.vendor.tokenEndpoint} did not give a token within 1 s`]),
    )
    expect(performance.now() - startedAt).toBeLessThan(6000)
  })

  it.for([
    ['goes on after the answer', modules, 1.5],
    ['dies with its request', withoutWaitUntil, 3.5],
  ] as const)('L2: a refresh ahead that %s makes nobody wait as long as the token lives', async ([, code, later]) => {
    await using bench = await startBench({ code, lifetime: 5, extraFields: { refresh_in: 1 } })
    const { workerd, vendor, count } = bench
    const [first] = await workerd.ask('/token?client=plain')
    vendor.faults.set('token', { name: 'slow', seconds: 0.5 }, { times: 1 })
    await pass(2)
    expect(new Set(await workerd.ask('/token?client=plain', 5))).toEqual(new Set([first]))
    expect(new Set(await workerd.ask('/token?client=plain', 5))).toEqual(new Set([first]))
    // When the refresh is done, or, where nothing came of it, when the token is at its end.
    await pass(later)
    const answers = await workerd.ask('/token?client=plain', 10)
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toMatch(/^200 /)
    expect(answers[0]).not.toBe(first)
    // The new one may be due, too.
    expect(count('token')).toBeLessThan(4)
  })

  it('L5, H3: twenty requests whose token is refused are repeated, for one grant', async () => {
    await using bench = await startBench()
    const { workerd, vendor, count } = bench
    await workerd.ask('/api?client=plain')
    vendor.faults.set('api', { name: 'revoked' })
    vendor.faults.set('token', { name: 'slow', seconds: 0.2 })
    expect(await workerd.ask('/api?client=plain', 20)).toEqual(Array(20).fill('200 200'))
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
    vendor.faults.set('token', { name: 'slow', seconds: 0.4 })
    const asked = workerd.ask('/token?client=plain', 5)
    await vendor.waitForRequest((request) => request.part === 'token')
    expect(await workerd.ask('/forget?client=plain')).toEqual(['200 null'])
    expect(await workerd.ask('/close?client=plain')).toEqual(['200 null'])
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
