import { type AccessToken, type Client, NightlatchError } from '@nightlatch/core'
import { type Clock, createClock } from '../clock.ts'
import { type Check, expectEqual, expectThat } from './check.ts'
import type { Fixture, RunWithFixture } from './fixture.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite.ts'
import { type Leaf, leavesOf, parseJson, replaceAt } from './secret-places.ts'

/** Invalid values of a lifetime; `half` is half of the valid one. */
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

const tenYearsSeconds = 10 * 366 * 24 * 3600

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
      expectThat((await client.token()) === token, 'the second call should return the same token')
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
      expectThat(next.value !== token.value, 'an expired token should be replaced')
      expectEqual(fixture.requests('token').length, 2, 'the number of token requests')
    }),
    check('replaces a rejected token', async (fixture) => {
      const client = fixture.client()
      const rejected = await client.token()
      fixture.markSecret(rejected.value)
      const next = await client.token({ rejected })
      fixture.markSecret(next.value)
      expectThat(next.value !== rejected.value, 'a rejected token should be replaced')
    }),
    ...Object.entries(invalidLifetimes).map(([what, invalid]) =>
      check(`treats a lifetime of ${what} as unknown`, async (fixture) => {
        const token = await fixture.client().token()
        fixture.markSecret(token.value)
        const { headers = {}, text = '' } = fixture.lastAnswer('token') ?? {}
        const body = parseJson(text)
        if (typeof body !== 'object' || body === null) return
        const good = { givenAt: Date.now(), headers, body }
        const known = await lifetimeOf(fixture, good)
        for (const leaf of leavesOf(body)) {
          if (leaf.value !== token.value) await checkInvalidLifetime(fixture, { good, known }, leaf, invalid)
        }
      }),
    ),
  ]
}

/** Replaces one value of a valid response: if the reader takes the lifetime from it, the lifetime must be unknown. */
async function checkInvalidLifetime(
  fixture: Fixture,
  { good, known }: { readonly good: GoodAnswer; readonly known: Lifetime | undefined },
  { path, value }: Leaf,
  invalid: (half: number) => unknown,
): Promise<void> {
  const number = Number(value)
  const half = typeof value !== 'boolean' && Number.isFinite(number) && number > 1 ? Math.floor(number / 2) : 1800
  const place = path.join('.')
  const replace = (replacement: unknown): GoodAnswer => ({ ...good, body: replaceAt(good.body, path, replacement) })
  const halved = await lifetimeOf(fixture, replace(typeof value === 'string' ? String(half) : half))
  const observed = await observeLifetime(fixture, replace(invalid(half)))
  const isLifetime = halved !== undefined && known !== undefined && !isNear(halved.lifetime, known.lifetime)
  if (observed === undefined) {
    return expectThat(!isLifetime, `an invalid lifetime in ${place} should be unknown, not an error`)
  }
  const subject = `a token whose response has an invalid lifetime in ${place}`
  expectThat(observed.lifetime === undefined || observed.lifetime > 0, `${subject} should not expire at once`)
  expectThat(observed.lifetime === undefined || observed.lifetime <= tenYearsSeconds, `${subject} should expire`)
  expectThat(observed.isCached, `${subject} should be cached, but every call requests a new one`)
  expectThat(observed.isReplaced, `${subject} should not be cached for ever`)
  const isHalfParsed = isLifetime && observed.lifetime !== undefined && isNear(observed.lifetime, halved.lifetime)
  expectThat(!isHalfParsed, `${subject} should not use the number within the invalid value`)
}

/** A valid token response; the headers are included because the token may be in one of them. */
interface GoodAnswer {
  /** The time of both server and client, so that a token's own expiry gives the same lifetime each time. */
  readonly givenAt: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

interface Lifetime {
  /** Seconds; `undefined` if unknown. */
  readonly lifetime: number | undefined
}

interface ObservedLifetime extends Lifetime {
  /** Whether the next call returned the same token. */
  readonly isCached: boolean
  /** Whether the token was replaced after twenty years. */
  readonly isReplaced: boolean
}

/** The lifetime of the token in a response; `undefined` if it contains none. */
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

/** Observes how long the token of a response is cached; `undefined` if it contains none. */
async function observeLifetime(fixture: Fixture, answer: GoodAnswer): Promise<ObservedLifetime | undefined> {
  const { client, clock } = answerWith(fixture, answer)
  const count = fixture.requests('token').length
  try {
    const token = await client.token()
    const { lifetime } = readLifetime(token, clock.now())
    await client.token()
    const isCached = fixture.requests('token').length === count + 1
    clock.advance(2 * tenYearsSeconds)
    await client.token()
    return { lifetime, isCached, isReplaced: fixture.requests('token').length > count + 1 }
  } catch (failure) {
    if (failure instanceof NightlatchError) return undefined
    throw failure
  }
}

function isNear(one: number | undefined, other: number | undefined): boolean {
  return one === undefined || other === undefined ? one === other : Math.abs(one - other) < 2
}

/** Seconds until a token is no longer served; one of unknown lifetime is cached for a minute. */
function secondsLeft({ expiresAt }: AccessToken, now: number): number {
  return expiresAt === undefined ? 60 : (expiresAt.getTime() - now) / 1000
}
