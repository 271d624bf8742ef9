import { type AccessToken, type Client, NightlatchError } from '@nightlatch/core'
import { type Clock, createClock } from '../clock.ts'
import { type Check, expectEqual, expectThat } from './check.ts'
import type { Fixture, RunWithFixture } from './fixture.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite.ts'
import { type Leaf, leavesOf, parseJson, replaceAt } from './secret-places.ts'

/** What stands where a lifetime should; `half` is half of what was there. */
const invalidLifetimes: Readonly<Record<string, (half: number) => unknown>> = {
  'a negative number': (half) => -half,
  zero: () => 0,
  null: () => null,
  'an empty string': () => '',
  'a number followed by letters': (half) => `${half}abc`,
  'the string NaN': () => 'NaN',
  '1e15 seconds': () => 1e15,
  'a string of forty digits': () => '9'.repeat(40),
  'an object': () => ({}),
}

const tenYears = 10 * 366 * 24 * 3600

export function lifetimeChecks(
  _suite: ProviderSuite<ProviderOffers, unknown>,
  runWithFixture: RunWithFixture,
): readonly Check[] {
  const check = (name: string, use: (fixture: Fixture) => Promise<void>): Check => ({
    group: 'token lifetime',
    name,
    run: () => runWithFixture(use),
  })
  return [
    check('caches a token', async (fixture) => {
      const client = fixture.client()
      const token = await client.token()
      fixture.markSecret(token.value)
      expectThat((await client.token()) === token, 'the second call should answer with the same token')
      expectEqual(fixture.requests('token').length, 1, 'the number of token requests')
    }),
    check('replaces an expired token', async (fixture) => {
      const clock = createClock()
      const client = fixture.client({ now: clock.now })
      const token = await client.token()
      fixture.markSecret(token.value)
      clock.advance(secondsLeft(token, clock.now()) + 1)
      const next = await client.token()
      fixture.markSecret(next.value)
      expectThat(next.value !== token.value, 'a token that has ended should be replaced by another')
      expectEqual(fixture.requests('token').length, 2, 'the number of token requests')
    }),
    check('replaces a rejected token', async (fixture) => {
      const client = fixture.client()
      const rejected = await client.token()
      fixture.markSecret(rejected.value)
      const next = await client.token({ rejected })
      fixture.markSecret(next.value)
      expectThat(next.value !== rejected.value, 'a rejected token should be replaced by another')
    }),
    ...Object.entries(invalidLifetimes).map(([what, lie]) =>
      check(`treats a lifetime of ${what} as unknown`, async (fixture) => {
        const token = await fixture.client().token()
        fixture.markSecret(token.value)
        const { headers = {}, text = '' } = fixture.lastAnswer('token') ?? {}
        const body = parseJson(text)
        if (typeof body !== 'object' || body === null) return
        const good = { givenAt: Date.now(), headers, body }
        const known = await lifetimeOf(fixture, good)
        for (const leaf of leavesOf(body)) {
          if (leaf.value !== token.value) await checkInvalidLifetime(fixture, { good, known }, leaf, lie)
        }
      }),
    ),
  ]
}

/** Puts a lie into one place of a good answer: if that is where the lifetime is read, it must count as unknown. */
async function checkInvalidLifetime(
  fixture: Fixture,
  { good, known }: { readonly good: GoodAnswer; readonly known: Lifetime | undefined },
  { path, value }: Leaf,
  lie: (half: number) => unknown,
): Promise<void> {
  const number = Number(value)
  const half = typeof value !== 'boolean' && Number.isFinite(number) && number > 1 ? Math.floor(number / 2) : 1800
  const place = path.join('.')
  const spoil = (replacement: unknown): GoodAnswer => ({ ...good, body: replaceAt(good.body, path, replacement) })
  const halved = await lifetimeOf(fixture, spoil(typeof value === 'string' ? String(half) : half))
  const lied = await observeLifetime(fixture, spoil(lie(half)))
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
async function lifetimeOf(fixture: Fixture, answer: GoodAnswer): Promise<Lifetime | undefined> {
  const { client, clock } = answerWith(fixture, answer)
  try {
    return readLifetime(await client.token(), clock.now())
  } catch (failure) {
    if (failure instanceof NightlatchError) return undefined
    throw failure
  }
}

function answerWith(fixture: Fixture, { givenAt, headers, body }: GoodAnswer): { client: Client; clock: Clock } {
  const date = new Date(givenAt).toUTCString()
  fixture.emulator.faults.set('token', { name: 'answer', answer: { headers: { date, ...headers }, body } })
  const clock = createClock(givenAt)
  return { client: fixture.client({ now: clock.now }), clock }
}

function readLifetime({ expiresAt }: AccessToken, now: number): Lifetime {
  return { lifetime: expiresAt && (expiresAt.getTime() - now) / 1000 }
}

/** The life of a token with this answer; `undefined` where the answer gives none. */
async function observeLifetime(fixture: Fixture, answer: GoodAnswer): Promise<Life | undefined> {
  const { client, clock } = answerWith(fixture, answer)
  const asked = fixture.requests('token').length
  try {
    const token = await client.token()
    const { lifetime } = readLifetime(token, clock.now())
    await client.token()
    const isKept = fixture.requests('token').length === asked + 1
    clock.advance(2 * tenYears)
    await client.token()
    return { lifetime, isKept, isReplaced: fixture.requests('token').length > asked + 1 }
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
