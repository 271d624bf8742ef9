/**
 * Gives a source a name: messages show it, and it is part of the cache key.
 *
 * @param name without a secret
 */
export function namedSource<Source extends () => unknown>(name: string, source: Source): Source {
  return Object.defineProperty(source, 'name', { value: name, configurable: true })
}
