import { redacted } from './secret-traces.ts'

/** An access token. Prints, serialises and inspects as redacted; only `value` (not enumerable) contains the secret. */
export interface AccessToken {
  /** The secret itself; not enumerable. */
  readonly value: string
  /** `'Bearer'`, or `'DPoP'` if it is bound to a key (RFC 9449). */
  readonly type: 'Bearer' | 'DPoP'
  /** The granted scopes; the requested ones if the response names none; `undefined` if there are neither. */
  readonly scopes: readonly string[] | undefined
  /** When it expires; `undefined` if the lifetime is unknown, in which case the token is cached for at most a minute. */
  readonly expiresAt: Date | undefined
  /** The other fields of the response; not enumerable, because they may contain secrets. */
  readonly extra: Readonly<Record<string, unknown>>
}

/** Shared by all tokens without other fields. */
const noExtra: Readonly<Record<string, unknown>> = /* @__PURE__ */ Object.freeze({})

/** Levels of the other fields that are copied and frozen. */
const maxDepth = 16

/** Copies a JSON value and freezes the copy. */
function freeze<T>(value: T, depth = maxDepth): T {
  if (typeof value !== 'object' || value === null || depth === 0) return value
  if (Array.isArray(value)) return Object.freeze(value.map((one: unknown) => freeze(one, depth - 1))) as T
  const members = Object.entries(value).map(([name, member]) => [name, freeze(member, depth - 1)])
  return Object.freeze(Object.fromEntries(members)) as T
}

/** Holds the secret in a private field: no inspection depth, no serialiser and no spread reaches it. */
class IssuedToken implements AccessToken {
  readonly type: AccessToken['type']
  readonly scopes: readonly string[] | undefined
  readonly #value: string
  /** Milliseconds since the epoch: a Date is six times as large, and mutable. */
  readonly #expiresAt: number | undefined
  readonly #extra: Readonly<Record<string, unknown>>

  constructor(token: AccessToken) {
    this.type = token.type
    this.scopes = freeze(token.scopes)
    this.#value = token.value
    this.#expiresAt = token.expiresAt?.getTime()
    this.#extra = Object.keys(token.extra).length === 0 ? noExtra : freeze(token.extra)
  }

  get expiresAt(): Date | undefined {
    return this.#expiresAt === undefined ? undefined : new Date(this.#expiresAt)
  }

  get value(): string {
    return this.#value
  }

  get extra(): Readonly<Record<string, unknown>> {
    return this.#extra
  }

  toJSON(): Record<string, unknown> {
    return { value: redacted, type: this.type, scopes: this.scopes, expiresAt: this.expiresAt }
  }

  toString(): string {
    return `AccessToken ${redacted}`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): Record<string, unknown> {
    return this.toJSON()
  }
}

/** Whether a text can be a token: a header requires visible ASCII (rule R6). */
export function isTokenValue(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}

/** Creates an access token that prints, serialises and inspects as redacted. */
export function createAccessToken(fields: AccessToken): AccessToken {
  return Object.freeze(new IssuedToken(fields))
}
