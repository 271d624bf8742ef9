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
  const cleaner = new ErrorCleaner(new SecretTraces(secrets))
  const copy = cleaner.copy(failure, 0)
  if (copy === omitted) return new Error(redacted)
  return cleaner.isClean ? failure : copy
}

class ErrorCleaner {
  readonly #traces: SecretTraces
  /** Causes may be circular: such a reference leads to the copy. */
  readonly #copies = new Map<object, object>()
  /** Whether nothing was removed so far. */
  isClean = true

  constructor(traces: SecretTraces) {
    this.#traces = traces
  }

  /** Copies the clean parts of a value; `omitted` if it cannot be searched. */
  copy(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#copyText(value)
    if (typeof value === 'function') return omitted
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof NightlatchError || value instanceof Date || value instanceof Response) return value
    if (value instanceof DOMException) return this.#copyException(value)
    const known = this.#copies.get(value)
    if (known !== undefined) return known
    const copy = depth > maxDepth ? undefined : emptyCopyOf(value)
    if (copy === undefined) return omitted
    this.#copies.set(value, copy)
    this.#copyMembers(value, copy, depth)
    return copy
  }

  #copyText(text: string): string {
    const read = text.slice(0, maxTextLength)
    const masked = this.#traces.areIn(read) ? this.#traces.mask(read) : undefined
    const clean = masked === undefined ? read : this.#traces.areIn(masked) ? redacted : masked
    if (clean !== text) this.isClean = false
    return clean
  }

  #copyException(exception: DOMException): DOMException {
    const message = this.#copyText(exception.message)
    return message === exception.message ? exception : new DOMException(message, exception.name)
  }

  #copyMembers(from: object, to: object, depth: number): void {
    for (const key of Reflect.ownKeys(from)) {
      const descriptor = Object.getOwnPropertyDescriptor(from, key)
      if (descriptor === undefined || (Array.isArray(from) && key === 'length')) continue
      const isStack = key === 'stack' && from instanceof Error
      // A getter could return something else when it is read later.
      if (!isStack && descriptor.get !== undefined) {
        this.isClean = false
        continue
      }
      const value = isStack ? this.#copyStack(from.stack) : this.copy(descriptor.value, depth + 1)
      if (value === omitted) {
        this.isClean = false
        continue
      }
      const enumerable = descriptor.enumerable === true
      Object.defineProperty(to, key, { value, enumerable, configurable: true, writable: true })
    }
  }

  /** Cleans the lines before the frames, which repeat the message. */
  #copyStack(stack: unknown): unknown {
    if (typeof stack !== 'string') return stack === undefined ? undefined : omitted
    const end = stack.indexOf('\n    at ')
    const head = end === -1 ? stack : stack.slice(0, end)
    return this.#copyText(head) + stack.slice(head.length)
  }
}

/** An object of the same class without members; `undefined` if what it holds shows in no member. */
function emptyCopyOf(value: object): object | undefined {
  if (Array.isArray(value)) return []
  const prototype: object | null = Object.getPrototypeOf(value)
  if (value instanceof Error) return Object.setPrototypeOf(new Error(), prototype)
  return prototype === null || prototype === Object.prototype ? Object.create(prototype) : undefined
}

/** Characters of each text in an error that are searched and kept. */
const maxTextLength = 4000

/** Levels of causes and properties that are searched and kept. */
const maxDepth = 8

/** The result for a value that cannot be searched. */
const omitted: unique symbol = Symbol('omitted')
