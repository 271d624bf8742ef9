import type { Part, RecordedRequest } from './recorded-request.ts'

/** An answer as it goes over the socket. */
export interface Answer {
  /** Default 200. */
  readonly status?: number
  /** A value `undefined` leaves out a header that would be sent by default (`content-type`, `date`). */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>
  /** A string or bytes as they are, anything else as JSON; `undefined`: no body. */
  readonly body?: unknown
}

/** What goes wrong, by name. */
export type Fault =
  /** The answer comes late by `seconds` of real time. */
  | { readonly name: 'slow'; readonly seconds: number }
  /** No answer comes, or (`at: 'body'`) half a body and no more; the connection stays open. */
  | { readonly name: 'hang'; readonly at?: 'start' | 'body' }
  /** The connection is reset before the answer, or (`at: 'body'`) in the middle of its body. */
  | { readonly name: 'reset'; readonly at?: 'start' | 'body' }
  /** The server fails: `status` from 500 to 599, default 500. */
  | { readonly name: 'error'; readonly status?: number }
  /** 429 with `Retry-After`: a number of seconds, or a `Date`; default 1. With `rateLimitReset` (seconds from now) Okta's header instead, an absolute second. */
  | { readonly name: 'tooManyRequests'; readonly retryAfter?: number | Date; readonly rateLimitReset?: number }
  /** A proxy answers with a page of its own; `status` default 502. */
  | { readonly name: 'html'; readonly status?: number }
  /** The body ends early: fewer bytes than `Content-Length` said (default), or (`by: 'json'`) JSON cut in the middle. */
  | { readonly name: 'truncated'; readonly by?: 'length' | 'json' }
  /** The body trickles in, over `seconds` of real time in all. */
  | { readonly name: 'drip'; readonly seconds: number }
  /** A redirect to the absolute URL `to`; `status` default 307, which repeats method and body. */
  | { readonly name: 'redirect'; readonly to: string | URL; readonly status?: 301 | 302 | 303 | 307 | 308 }
  /** Tokens issued before the fault was set are refused with 401; new ones work. */
  | { readonly name: 'revoked' }
  /** Discovery names an API that is not the organisation's: `apiUrl`, by default another region of the emulator. */
  | { readonly name: 'wrongRegion'; readonly apiUrl?: string | URL }
  /** Any other answer, in place of the real one; a function that returns `undefined` leaves the request to the emulation. */
  | {
      readonly name: 'answer'
      /** The answer, or what makes it for each request. */
      readonly answer: Answer | ((request: RecordedRequest) => Answer | undefined | Promise<Answer | undefined>)
    }

/** How far a fault reaches. */
export interface FaultOptions {
  /** How many requests meet the fault, 1 or more; default: all, until it is cleared. */
  readonly times?: number
}

/** The faults of a running emulator. */
export interface Faults {
  /**
   * Sets the fault of a part, in place of any that was set before.
   *
   * @throws TypeError for a fault that has no meaning there, RangeError for a number out of range
   */
  set(part: Part, fault: Fault, options?: FaultOptions): void
  /** Sets a fault that a part shows once those set before are used up. */
  add(part: Part, fault: Fault, options?: FaultOptions): void
  /** Ends the faults of a part, or of all. */
  clear(part?: Part): void
}

/** What the faults must know of the emulation they belong to. */
export interface FaultSubject {
  readonly name: string
  /** The parts that there are, each with the faults that only the emulation itself can show. */
  readonly parts: ReadonlyMap<Part, ReadonlySet<string>>
  readonly issuedTokens: () => number
  readonly tokenNumber: (request: RecordedRequest) => number | undefined
}

export interface FaultBoard {
  readonly faults: Faults
  /** The fault that a request meets, counted as met. */
  take(part: Part, request: RecordedRequest): Fault | undefined
}

export function createFaultBoard(subject: FaultSubject): FaultBoard {
  const pending = new Map<Part, { readonly fault: Fault; readonly issuedBefore: number; left: number }[]>()

  const add: Faults['add'] = (part, fault, { times = Number.POSITIVE_INFINITY } = {}) => {
    checkFault(subject, part, fault, times)
    const entry = { fault, issuedBefore: subject.issuedTokens(), left: times }
    pending.set(part, [...(pending.get(part) ?? []), entry])
  }

  return {
    faults: {
      add,
      set(part, fault, options) {
        checkFault(subject, part, fault, options?.times ?? 1)
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
          const number = subject.tokenNumber(request)
          if (number === undefined || number > entry.issuedBefore) continue
        }
        entry.left -= 1
        return entry.fault
      }
      return undefined
    },
  }
}

function checkFault(subject: FaultSubject, part: Part, fault: Fault, times: number): void {
  const own = subject.parts.get(part)
  if (own === undefined) {
    const parts = [...subject.parts.keys()].map((name) => `'${name}'`).join(', ')
    throw new TypeError(`The emulation '${subject.name}' has no part '${part}' to set a fault on; it has ${parts}.`)
  }
  if ((fault.name === 'revoked' || fault.name === 'wrongRegion') && !own.has(fault.name)) {
    throw new TypeError(`The fault '${fault.name}' has no meaning for the part '${part}' of '${subject.name}'.`)
  }
  if (!(times >= 1)) throw new RangeError(`"times" must be 1 or more, not ${times}.`)
  if ('seconds' in fault && !(fault.seconds >= 0)) {
    throw new RangeError(`"seconds" must be 0 or more, not ${fault.seconds}.`)
  }
  if (fault.name === 'error' && fault.status !== undefined && !(fault.status >= 500 && fault.status <= 599)) {
    throw new RangeError(
      `"status" must be from 500 to 599, not ${fault.status}; the fault 'answer' can send any other.`,
    )
  }
}
