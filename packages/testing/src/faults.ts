import type { Part, RecordedRequest } from './recorded-request.ts'

/** An HTTP response to send. */
export interface Answer {
  /** Default 200. */
  readonly status?: number
  /** `undefined` removes a header that is sent by default (`content-type`, `date`). */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>
  /** A string or bytes are sent unchanged, anything else as JSON; `undefined` sends no body. */
  readonly body?: unknown
}

/** A fault, by name. */
export type Fault =
  /** The response is delayed by `seconds` of real time. */
  | { readonly name: 'slow'; readonly seconds: number }
  /** No response is sent, or (`at: 'body'`) only half of its body; the connection stays open. */
  | { readonly name: 'hang'; readonly at?: 'start' | 'body' }
  /** The connection is reset before the response, or (`at: 'body'`) in the middle of its body. */
  | { readonly name: 'reset'; readonly at?: 'start' | 'body' }
  /** A server error: `status` from 500 to 599, default 500. */
  | { readonly name: 'error'; readonly status?: number }
  /**
   * A 429 with `Retry-After`: seconds or a `Date`, default 1 s. With `rateLimitReset` (seconds from now) it sends Okta's
   * `X-Rate-Limit-Reset` instead.
   */
  | { readonly name: 'tooManyRequests'; readonly retryAfter?: number | Date; readonly rateLimitReset?: number }
  /** A proxy's HTML page; `status` default 502. */
  | { readonly name: 'html'; readonly status?: number }
  /** A body that ends early: fewer bytes than `Content-Length` (default), or (`by: 'json'`) half of the JSON. */
  | { readonly name: 'truncated'; readonly by?: 'length' | 'json' }
  /** A body sent slowly, over `seconds` of real time in total. */
  | { readonly name: 'drip'; readonly seconds: number }
  /** A redirect to the absolute URL `to`; `status` default 307, which keeps method and body. */
  | { readonly name: 'redirect'; readonly to: string | URL; readonly status?: 301 | 302 | 303 | 307 | 308 }
  /** Tokens issued before the fault was set are rejected with 401; later ones work. */
  | { readonly name: 'revoked' }
  /** Discovery returns another organisation's API: `apiUrl`, by default another region of the emulator. */
  | { readonly name: 'wrongRegion'; readonly apiUrl?: string | URL }
  /** Any other response instead of the emulated one. */
  | {
      readonly name: 'answer'
      /** The response, or a function of the request; `undefined` leaves the request to the emulation. */
      readonly answer: Answer | ((request: RecordedRequest) => Answer | undefined | Promise<Answer | undefined>)
    }

/** Options of a fault. */
export interface FaultOptions {
  /** Number of requests affected, at least 1; default: all, until the fault is cleared. */
  readonly times?: number
}

/** The faults of a running emulator. */
export interface Faults {
  /**
   * Sets the fault of a part, replacing all earlier ones.
   *
   * @throws TypeError if the part does not support the fault, RangeError for a number out of range
   */
  set(part: Part, fault: Fault, options?: FaultOptions): void
  /** Adds a fault that takes effect once the earlier ones are used up. */
  add(part: Part, fault: Fault, options?: FaultOptions): void
  /** Clears the faults of a part, or of all parts. */
  clear(part?: Part): void
}

/** What faults require from their emulation. */
export interface FaultTarget {
  readonly name: string
  /** The emulation's parts, each with the faults that the emulation implements itself. */
  readonly parts: ReadonlyMap<Part, ReadonlySet<string>>
  readonly issuedTokens: () => number
  readonly tokenNumber: (request: RecordedRequest) => number | undefined
}

export interface FaultQueue {
  readonly faults: Faults
  /** Returns the fault for a request and counts it as used. */
  take(part: Part, request: RecordedRequest): Fault | undefined
}

export function createFaultQueue(target: FaultTarget): FaultQueue {
  const pending = new Map<Part, { readonly fault: Fault; readonly issuedBefore: number; left: number }[]>()

  const add: Faults['add'] = (part, fault, { times = Number.POSITIVE_INFINITY } = {}) => {
    checkFault(target, part, fault, times)
    const entry = { fault, issuedBefore: target.issuedTokens(), left: times }
    pending.set(part, [...(pending.get(part) ?? []), entry])
  }

  return {
    faults: {
      add,
      set(part, fault, options) {
        checkFault(target, part, fault, options?.times ?? 1)
        pending.delete(part)
        add(part, fault, options)
      },
      clear(part) {
        if (part === undefined) pending.clear()
        else pending.delete(part)
      },
    },
    take(part, request) {
      for (const entry of pending.get(part) ?? []) {
        if (entry.left <= 0) continue
        if (entry.fault.name === 'revoked') {
          const number = target.tokenNumber(request)
          if (number === undefined || number > entry.issuedBefore) continue
        }
        entry.left -= 1
        return entry.fault
      }
      return undefined
    },
  }
}

function checkFault(target: FaultTarget, part: Part, fault: Fault, times: number): void {
  const own = target.parts.get(part)
  if (own === undefined) {
    const parts = [...target.parts.keys()].map((name) => `'${name}'`).join(', ')
    throw new TypeError(`The emulation '${target.name}' has no part '${part}'. Set the fault on one of ${parts}.`)
  }
  if ((fault.name === 'revoked' || fault.name === 'wrongRegion') && !own.has(fault.name)) {
    throw new TypeError(`The part '${part}' of '${target.name}' does not support the fault '${fault.name}'.`)
  }
  if (!(times >= 1)) throw new RangeError(`"times" must be at least 1, not ${times}.`)
  if ('seconds' in fault && !(fault.seconds >= 0)) {
    throw new RangeError(`"seconds" must be at least 0, not ${fault.seconds}.`)
  }
  if (fault.name === 'error' && fault.status !== undefined && !(fault.status >= 500 && fault.status <= 599)) {
    throw new RangeError(
      `"status" must be from 500 to 599, not ${fault.status}. Use the fault 'answer' for any other status.`,
    )
  }
}
