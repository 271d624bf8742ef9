/** Something that is loaded when it is first needed. */
export interface Loadable<T> {
  /** `undefined` before it is loaded. */
  readonly loaded: T | undefined
  /** Loads it, or returns what was loaded. */
  load(): Promise<T>
}

/**
 * Creates a loadable from a function that imports a module. It caches the result, because a second import of a module takes a
 * quarter of a grant's CPU. It does not cache the promise: on Cloudflare Workers a promise ends with its HTTP request (rule L13).
 */
export function loadOnce<T>(load: () => Promise<T>): Loadable<T> {
  let loaded: T | undefined
  return {
    get loaded() {
      return loaded
    },
    async load() {
      const value = await load()
      // Concurrent first calls must agree on one result.
      loaded ??= value
      return loaded
    },
  }
}
