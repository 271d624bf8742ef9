import { findNearestName } from './nearest-name.ts'

/**
 * Returns a line for each unknown name in an options object, such as "Unknown option `scope`. Did you mean `scopes`?" It is for a
 * provider's or store's own options, because a misspelt one would otherwise be ignored.
 *
 * @param options what the caller passed; anything but an object has no unknown names
 * @param names the names of all options
 * @example
 * ```ts
 * const mistakes = findUnknownOptions(options, ['tenant', 'region'])
 * if (mistakes.length > 0) throw new NightlatchError('invalid_options', `acme: ${mistakes.join(' ')}`)
 * ```
 */
export function findUnknownOptions(options: unknown, names: readonly string[]): readonly string[] {
  if (typeof options !== 'object' || options === null) return []
  return Object.keys(options)
    .filter((name) => !names.includes(name))
    .map((name) => describeUnknown(`options.${name}`, findNearestName(name, names) ?? ''))
}

/**
 * One unknown name as a sentence.
 *
 * @param nearest the last part of the path that was probably meant, or nothing
 */
export function describeUnknown(path: string, nearest: string): string {
  const isOption = path.startsWith('options.')
  const shown = isOption ? path.slice('options.'.length) : path
  const meant = `${shown.slice(0, shown.lastIndexOf('.') + 1)}${nearest}`
  const unknown = `Unknown ${isOption ? 'option' : 'field'} \`${shown}\``
  return nearest === '' ? `${unknown}: remove it, or check its spelling` : `${unknown}. Did you mean \`${meant}\`?`
}
