import { listPresets } from '@nightlatch/providers/presets'
import { describe, expect, it } from 'vitest'
import { findStalePresets } from '../src/provider-facts.ts'
import { generatedTables, renderDocument } from '../src/providers-page.ts'
import { readText } from '../src/read-repository.ts'

describe('the facts about providers', () => {
  it('are stale a year after the page was read, the oldest first', async () => {
    expect(await findStalePresets('2026-11-30')).toEqual([])
    const stale = await findStalePresets('2027-11-25')
    expect(stale.map(({ name }) => name)).toContain('wechat')
    expect(stale.map(({ name }) => name)).not.toContain('entra-id')
    expect(await findStalePresets('2037-01-01')).toHaveLength(listPresets().length)
    const days = (await findStalePresets('2037-01-01')).map(({ facts }) => facts.checked)
    expect(days).toEqual([...days].sort())
  })

  it.each(['yesterday', '2026-13-01', '30.11.2026'])('%j is no day', async (day) => {
    await expect(findStalePresets(day)).rejects.toThrow('is not a day')
  })
})

describe('the documents about providers', () => {
  it.each(Object.keys(generatedTables))('%s has the present table: `pnpm tools endpoints` writes it', async (file) => {
    expect(await renderDocument(file, readText(file))).toBe(readText(file))
  })
})
