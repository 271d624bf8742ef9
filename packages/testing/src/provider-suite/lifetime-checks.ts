import { type AccessToken, type Client, NightlatchError } from '@nightlatch/core'
import { type Clock, createClock } from '../clock.ts'
import type { Bench, Stand } from './bench.ts'
import { type Check, expectEqual, expectThat } from './check.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite.ts'
import { type Leaf, leavesOf, parseJson, replaceAt } from './secret-places.ts'

/** What stands where a lifetime should; `half` is half of what was there. */
const lies: Readonly<Record<string, (half: number) => unknown>> = {
  'less than nothing': (half) => -half,
  zero: () => 0,
  null: () => null,
  'an empty text': () => '',
  'a number with letters behind it': (half) => `${half}abc`,
  'the text NaN': () => 'NaN',
  'far too much': () => 1e15,
  'a text of forty digits': () => '9'.repeat(40),
  'an object': () => ({}),
}

const tenYears = 10 * 366 * 24 * 3600

export function lifetimeChecks(_suite: ProviderSuite<ProviderOffers, unknown>, bench: Bench): readonly Check[] {
  const check = (name: string, use: (stand: Stand) => Promise<void>): Check => ({
    group: 'the life of its tokens',
    name,
    run: () => bench(use),
  })
  return [
    check('keeps a token', async (stand) => {
      const client = stand.client()
      const token = await client.token()
      stand.mark(token.value)
      expectThat((await client.token()) === token, 'the second call should answer with the same token')
      expectEqual(stand.requests('token').length, 1, 'the number of token requests')
    }),
    check('replaces a token that has ended', async (stand) => {
      const clock = createClock()
      const client = stand.client({ now: clock.now })
      const token = await client.token()
      stand.mark(token.value)
      clock.advance(secondsLeft(token, clock.now()) + 1)
      const next = await client.token()
      stand.mark(next.value)
      expectThat(next.value !== token.value, 'a token that has ended should be replaced by another')
      expectEqual(stand.requests('token').length, 2, 'the number of token requests')
    }),
    check('replaces a token that was rejected', async (stand) => {
      const client = stand.client()
      const rejected = await client.token()
      stand.mark(rejected.value)
      const next = await client.token({ rejected })
      stand.mark(next.value)
      expectThat(next.value !== rejected.value, 'a rejected token should be replaced by another')
    }),
    ...Object.entries(lies).map(([what, lie]) =>
      check(`believes no lifetime of ${what}`, async (stand) => {
        const token = await stand.client().token()
        stand.mark(token.value)
        const { headers = {}, text = '' } = stand.answered('token') ?? {}
        const body = parseJson(text)
        if (typeof body !== 'object' || body === null) return
        const good = { givenAt: Date.now(), headers, body }
        const known = await lifetimeOf(stand, good)
        for (const leaf of leavesOf(body)) {
          if (leaf.value !== token.value) await tryLie(stand, { good, known }, leaf, lie)
        }
      }),
    ),
  ]
}

/** Puts a lie into one place of a good answer: if that is where the lifetime is read, it must count as unknown. */
async function tryLie(
  stand: Stand,
  { good, known }: { readonly good: GoodAnswer; readonly known: Lifetime | undefined },
  { path, value }: Leaf,
  lie: (half: number) => unknown,
): Promise<void> {
  const number = Number(value)
  const half = typeof value !== 'boolean' && Number.isFinite(number) && number > 1 ? Math.floor(number / 2) : 1800
  const place = path.join('.')
  const spoil = (replacement: unknown): GoodAnswer => ({ ...good, body: replaceAt(good.body, path, replacement) })
  const halved = await lifetimeOf(stand, spoil(typeof value === 'string' ? String(half) : half))
  const lied = await liveOn(stand, spoil(lie(half)))
  const isLifetime = halved !== undefined && known !== undefined && !isNear(halved.lifetime, known.lifetime)
  if (lied === undefined) {
    return expectThat(!isLifetime, `a lifetime in ${place} that cannot be believed should be unknown, and no refusal`)
  }
  const shown = `the token whose answer has such a thing in ${place}`
  expectThat(lied.lifetime === undefined || lied.lifetime > 0, `${shown} should not be expired at once`)
  expectThat(lied.lifetime === undefined || lied.lifetime <= tenYears, `${shown} should not live for ever`)
  expectThat(lied.isKept, `${shown} should be kept: every call asked for a new one`)
  expectThat(lied.isReplaced, `${shown} should not be kept for ever`)
  const isHalfParsed = isLifetime && lied.lifetime !== undefined && isNear(lied.lifetime, halved.lifetime)
  expectThat(!isHalfParsed, `${shown} should not live as long as if the number in it were meant`)
}

/** What gives a token: where that is in a header, the headers are needed, too. */
interface GoodAnswer {
  /** By the clocks of server and client: a token whose own end is read is then as old each time, however busy the machine. */
  readonly givenAt: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

interface Lifetime {
  /** Seconds; `undefined` where unknown. */
  readonly lifetime: number | undefined
}

interface Life extends Lifetime {
  /** Whether the next call got the same. */
  readonly isKept: boolean
  /** Whether it was given up in the end. */
  readonly isReplaced: boolean
}

/** The lifetime of a token with this answer; `undefined` where the answer gives none. */
async function lifetimeOf(stand: Stand, answer: GoodAnswer): Promise<Lifetime | undefined> {
  const { client, clock } = answerWith(stand, answer)
  try {
    return readLifetime(await client.token(), clock.now())
  } catch (failure) {
    if (failure instanceof NightlatchError) return undefined
    throw failure
  }
}

function answerWith(stand: Stand, { givenAt, headers, body }: GoodAnswer): { client: Client; clock: Clock } {
  const date = new Date(givenAt).toUTCString()
  stand.emulator.faults.set('token', { name: 'answer', answer: { headers: { date, ...headers }, body } })
  const clock = createClock(givenAt)
  return { client: stand.client({ now: clock.now }), clock }
}

function readLifetime({ expiresAt }: AccessToken, now: number): Lifetime {
  return { lifetime: expiresAt && (expiresAt.getTime() - now) / 1000 }
}

/** The life of a token with this answer; `undefined` where the answer gives none. */
async function liveOn(stand: Stand, answer: GoodAnswer): Promise<Life | undefined> {
  const { client, clock } = answerWith(stand, answer)
  const asked = stand.requests('token').length
  try {
    const token = await client.token()
    const { lifetime } = readLifetime(token, clock.now())
    await client.token()
    const isKept = stand.requests('token').length === asked + 1
    clock.advance(2 * tenYears)
    await client.token()
    return { lifetime, isKept, isReplaced: stand.requests('token').length > asked + 1 }
  } catch (failure) {
    if (failure instanceof NightlatchError) return undefined
    throw failure
  }
}

function isNear(one: number | undefined, other: number | undefined): boolean {
  return one === undefined || other === undefined ? one === other : Math.abs(one - other) < 2
}

/** A token of unknown life is kept for a minute. */
function secondsLeft({ expiresAt }: AccessToken, now: number): number {
  return expiresAt === undefined ? 60 : (expiresAt.getTime() - now) / 1000
}
