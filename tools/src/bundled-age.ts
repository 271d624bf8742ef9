/** Finds built-in packages that are too far behind. Users of our packages cannot replace what is built into them. */

/** A newer version may be out for this long before ours must follow. */
const maxDays = 30
const dayMs = 86_400_000

/**
 * Describes why a built-in version is overdue; `undefined` if it is not.
 *
 * @param times when each version was published, as the registry reports it
 * @param now milliseconds since the epoch
 */
export function findOverdue(
  name: string,
  version: string,
  times: Readonly<Record<string, string>>,
  now: number,
): string | undefined {
  if (times[version] === undefined) return `${name}: the registry has no version ${version}`
  const overdue = Object.entries(times).find(
    ([other, time]) => isNewer(other, version) && now - Date.parse(time) > maxDays * dayMs,
  )
  if (overdue === undefined) return undefined
  const days = Math.floor((now - Date.parse(overdue[1])) / dayMs)
  return `${name}: ${version} is built in, and ${overdue[0]} has been there for ${days} days. Raise it in pnpm-workspace.yaml`
}

/** Whether a release is newer than another; prereleases, and the registry's other entries, are not. */
function isNewer(one: string, other: string): boolean {
  if (!/^\d{1,9}\.\d{1,9}\.\d{1,9}$/.test(one)) return false
  const [a, b] = [one, other].map((version) => version.split('.').map(Number)) as [number[], number[]]
  for (const [index, part] of a.entries()) {
    const rest = part - (b[index] ?? 0)
    if (rest !== 0) return rest > 0
  }
  return false
}
