/** Finds providers whose vendor's page was read too long ago. */
import { listPresets, loadPreset, type Preset } from '@nightlatch/providers/presets'

type Dated = Pick<Preset, 'name' | 'title' | 'facts'>

/**
 * Returns the presets whose page was read more than a year before a day, the oldest first.
 *
 * @param day in ISO format, such as `2026-11-30`
 * @param among names and facts; default all presets
 * @throws Error if the day is invalid
 */
export async function findStalePresets(day: string, among?: readonly Dated[]): Promise<readonly Dated[]> {
  const now = /^\d{4}-\d{2}-\d{2}$/.test(day) ? new Date(day) : new Date(Number.NaN)
  if (Number.isNaN(now.getTime())) throw new Error(`${day} is not a day such as 2026-11-30`)
  now.setUTCFullYear(now.getUTCFullYear() - 1)
  const limit = now.toISOString().slice(0, 10)
  const presets = among ?? (await Promise.all(listPresets().map(({ name }) => loadPreset(name))))
  return presets
    .filter(({ facts }) => facts.checked < limit)
    .sort((one, other) => (one.facts.checked < other.facts.checked ? -1 : 1))
}
