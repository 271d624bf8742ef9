import { listPresets, loadPreset } from '@nightlatch/providers/presets'
import { describe, expect, it } from 'vitest'
import { findStalePresets } from '../src/provider-facts.ts'
import { generatedTables, renderDocument } from '../src/providers-page.ts'
import { readText } from '../src/read-repository.ts'

describe('the facts about providers', () => {
  it('are stale a year after the page was read, the oldest first', async () => {
    const { facts, title } = await loadPreset('okta')
    const among = (['2026-03-02', '2026-03-01', '2026-02-28'] as const).map((checked, index) => ({
      name: (['okta', 'x', 'zoom'] as const)[index] ?? 'okta',
      title,
      facts: { ...facts, checked },
    }))
    const namesOn = async (day: string): Promise<readonly string[]> =>
      (await findStalePresets(day, among)).map(({ name }) => name)
    expect(await namesOn('2027-02-28')).toEqual([])
    expect(await namesOn('2027-03-02')).toEqual(['zoom', 'x'])
    expect(await namesOn('2027-03-03')).toEqual(['zoom', 'x', 'okta'])
  })

  it('are fresh today, and stale in ten years', async () => {
    expect(await findStalePresets('2026-11-30')).toEqual([])
    expect(await findStalePresets('2037-01-01')).toHaveLength(listPresets().length)
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
