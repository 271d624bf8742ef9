/** What a manifest asks of Node. */

/** Whether a version (`22.19.0`) is one that `engines` (`>=22.19`) asks for. Ranges of that one form only. */
export function meetsEngine(range: string, version: string): boolean {
  const least = /^>=(\d+(?:\.\d+){0,2})$/.exec(range)?.[1]
  if (least === undefined) throw new Error(`"${range}" is no range of the form ">=22.19"`)
  return compare(parts(version), parts(least)) >= 0
}

function parts(version: string): readonly [number, number, number] {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  return [major, minor, patch]
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (const [index, number] of left.entries()) {
    const difference = number - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
