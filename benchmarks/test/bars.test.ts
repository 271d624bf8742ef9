import { expect, it } from 'vitest'
import { weigh } from '../src/weigh.ts'

// What a build may not lose again; the reasons for the numbers are in docs/decisions.md.
it('the core keeps its weight: at once, and in all', async () => {
  const { atOnce, later } = await weigh(`export { createClient } from '@nightlatch/core'`, [
    '--conditions=@nightlatch/source',
  ])
  expect(atOnce).toBeLessThan(32_000)
  expect(atOnce + later).toBeLessThan(72_000)
})
