/**
 * Returns the name that was probably meant; `undefined` if more than a third of its letters differ for every name.
 *
 * @example
 * ```ts
 * const nearest = findNearestName('client_secert', ['clientId', 'clientSecret']) // 'clientSecret'
 * ```
 */
export function findNearestName(typed: string, names: readonly string[]): string | undefined {
  if (typed.length > 60) return undefined
  const ranked = names
    .map((name) => ({ name, distance: editDistance(fold(typed), fold(name)) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(Math.max(name.length, typed.length) / 3)))
    .sort((a, b) => a.distance - b.distance)
  return ranked[0]?.name
}

/** `client_secret`, `client-secret` and `clientSecret` are one name, spelt by different conventions. */
function fold(name: string): string {
  return name.toLowerCase().replaceAll('_', '').replaceAll('-', '')
}

/** Letters to insert, delete, replace, or swap with their neighbour. */
function editDistance(from: string, to: string): number {
  let beforeLast: readonly number[] = []
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return last[to.length] ?? 0
}
