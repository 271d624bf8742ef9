import { type Check, expectThat } from '../provider-suite/check.ts'
import { jsonDifference } from './json-difference.ts'
import type { StoreBench, StoreStand } from './store-bench.ts'

export function concurrencyChecks(bench: StoreBench): readonly Check[] {
  const check = (name: string, use: (stand: StoreStand) => Promise<void>): Check => ({
    group: 'what many do at once',
    name,
    run: () => bench(use),
  })
  return [
    check('gives one of the tokens that were set, and never half of two', async (stand) => {
      const handles = [stand.store, await stand.another()]
      const key = stand.newKey()
      const tokens = Array.from({ length: 20 }, (_, at) =>
        stand.token({ value: `${at} `.repeat(1000 + at * 20), extra: { at } }, 3600 + at),
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
      expectThat(last[0] !== undefined, 'after all were set, one should be there')
      const [first, second] = last
      const difference = jsonDifference(second, first, "one handle's token")
      expectThat(difference === undefined, `after all were set, both handles should see the same: ${difference}`)
      const whole = [...seen, ...last].every(
        (one) => one === undefined || tokens.some((token) => jsonDifference(one, token) === undefined),
      )
      expectThat(whole, 'what is got should be a token as it was set, and is something else')
    }),
    check('keeps every token where many keys are written at once', async (stand) => {
      const entries = Array.from({ length: 50 }, (_, at) => [stand.newKey(), stand.token({ at })] as const)
      await Promise.all(entries.map(([key, token]) => stand.store.set(key, token)))
      const got = await Promise.all(entries.map(([key]) => stand.store.get(key)))
      const lost = entries.filter(([, token], at) => jsonDifference(got[at], token) !== undefined)
      expectThat(lost.length === 0, `of ${entries.length} tokens, ${lost.length} are not there as they were set`)
    }),
  ]
}
