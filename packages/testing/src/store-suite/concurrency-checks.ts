import { type Check, expectThat } from '../provider-suite/check.ts'
import { jsonDifference } from './json-difference.ts'
import type { RunWithStoreFixture, StoreFixture } from './store-fixture.ts'

export function concurrencyChecks(runWithFixture: RunWithStoreFixture): readonly Check[] {
  const check = (name: string, use: (fixture: StoreFixture) => Promise<void>): Check => ({
    group: 'concurrency',
    name,
    run: () => runWithFixture(use),
  })
  return [
    check('never returns a mix of two tokens', async (fixture) => {
      const handles = [fixture.store, await fixture.another()]
      const key = fixture.newKey()
      const tokens = Array.from({ length: 20 }, (_, at) =>
        fixture.token({ value: `${at} `.repeat(1000 + at * 20), extra: { at } }, 3600 + at),
      )
      const seen: unknown[] = []
      await Promise.all(
        tokens.flatMap((token, at) => {
          const [writer, reader] = at % 2 === 0 ? handles : handles.toReversed()
          const read = async (): Promise<void> => void seen.push(await reader?.get(key))
          return [writer?.set(key, token), read(), read()]
        }),
      )
      const last = await Promise.all(handles.map((store) => store.get(key)))
      expectThat(last[0] !== undefined, 'after all tokens were set, one should be stored')
      const [first, second] = last
      const difference = jsonDifference(second, first, "one handle's token")
      expectThat(
        difference === undefined,
        `after all tokens were set, both handles should return the same: ${difference}`,
      )
      const whole = [...seen, ...last].every(
        (one) => one === undefined || tokens.some((token) => jsonDifference(one, token) === undefined),
      )
      expectThat(whole, 'get should return a token exactly as it was set')
    }),
    check('keeps every token of many concurrent writes', async (fixture) => {
      const entries = Array.from({ length: 50 }, (_, at) => [fixture.newKey(), fixture.token({ at })] as const)
      await Promise.all(entries.map(([key, token]) => fixture.store.set(key, token)))
      const got = await Promise.all(entries.map(([key]) => fixture.store.get(key)))
      const lost = entries.filter(([, token], at) => jsonDifference(got[at], token) !== undefined)
      expectThat(lost.length === 0, `${lost.length} of ${entries.length} tokens are missing or changed`)
    }),
  ]
}
