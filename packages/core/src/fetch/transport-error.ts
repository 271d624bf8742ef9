import { redacted, SecretTraces } from '../acquire/secret-traces.ts'
import { NightlatchError } from '../errors.ts'

/**
 * Removes secrets from a transport's error, which may quote the request or the response.
 *
 * @param secrets the secrets of the request
 * @returns the error itself if it contains none, else a copy of the same class, with the same `name`, `code` and `cause` chain,
 * without the values that cannot be searched
 */
export function withoutSecrets(failure: unknown, secrets: readonly string[]): unknown {
  if (failure instanceof NightlatchError) return failure
  const clean = new ErrorCleaner(new SecretTraces(secrets)).clean(failure, 0)
  return clean === omitted ? new Error(redacted) : clean
}

class ErrorCleaner {
  readonly #traces: SecretTraces
  /** Causes may be circular. */
  readonly #seen = new Map<object, unknown>()

  constructor(traces: SecretTraces) {
    this.#traces = traces
  }

  /** Returns the value itself if it is clean, a copy if parts of it are, or `omitted`. */
  clean(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#cleanText(value)
    if (typeof value === 'function') return omitted
    if (typeof value !== 'object' || value === null) return value
    if (this.#seen.has(value)) return this.#seen.get(value)
    if (depth > maxDepth) return omitted
    // It counts as clean while it is searched, because a circular reference leads back to it.
    this.#seen.set(value, value)
    const clean = this.#cleanObject(value, depth)
    this.#seen.set(value, clean)
    return clean
  }

  #cleanText(text: string): string {
    const read = text.slice(0, maxTextLength)
    if (!this.#traces.areIn(read)) return read
    const masked = this.#traces.mask(read)
    return this.#traces.areIn(masked) ? redacted : masked
  }

  #cleanObject(value: object, depth: number): unknown {
    if (value instanceof NightlatchError || value instanceof Date || value instanceof Response) return value
    if (value instanceof DOMException) return this.#cleanException(value)
    if (value instanceof Error) return this.#cleanError(value, depth)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (Array.isArray(value)) return this.#cleanMembers(value, [], depth)
    if (prototype !== null && prototype !== Object.prototype) return omitted
    return this.#cleanMembers(value, Object.create(prototype), depth)
  }

  #cleanException(exception: DOMException): DOMException {
    const message = this.#cleanText(exception.message)
    return message === exception.message ? exception : new DOMException(message, exception.name)
  }

  #cleanError(error: Error, depth: number): Error {
    const copy = new Error()
    Object.setPrototypeOf(copy, Object.getPrototypeOf(error))
    return this.#cleanMembers(error, copy, depth) as Error
  }

  /** Copies the clean own members of an object, and returns the copy only if the two differ. */
  #cleanMembers(from: object, to: object, depth: number): object {
    let isClean = true
    for (const key of Reflect.ownKeys(from)) {
      const descriptor = Object.getOwnPropertyDescriptor(from, key)
      if (descriptor === undefined || (Array.isArray(from) && key === 'length')) continue
      const isStack = key === 'stack' && from instanceof Error
      // A getter could return something else when it is read later.
      if (!isStack && descriptor.get !== undefined) {
        isClean = false
        continue
      }
      const value: unknown = isStack ? from.stack : descriptor.value
      const clean = isStack ? this.#cleanStack(value) : this.clean(value, depth + 1)
      if (clean !== value) isClean = false
      if (clean === omitted) continue
      const { enumerable = false } = descriptor
      Object.defineProperty(to, key, { value: clean, enumerable, configurable: true, writable: true })
    }
    return isClean ? from : to
  }

  /** Cleans the lines before the frames, which repeat the message. */
  #cleanStack(stack: unknown): unknown {
    if (typeof stack !== 'string') return stack === undefined ? undefined : omitted
    const end = stack.indexOf('\n    at ')
    const head = end === -1 ? stack : stack.slice(0, end)
    const clean = this.#cleanText(head)
    return clean === head ? stack : `${clean}${stack.slice(head.length)}`
  }
}

/** Characters of each text in an error that are searched and kept. */
const maxTextLength = 4000

/** Levels of causes and properties that are searched and kept. */
const maxDepth = 8

/** The result for a value that cannot be searched. */
const omitted: unique symbol = Symbol('omitted')
