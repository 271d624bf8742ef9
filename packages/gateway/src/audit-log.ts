import type { Writable } from 'node:stream'

/** What the audit log says of a request. No header values, and no query. */
export interface AuditEntry {
  /** `undefined` if the caller is unknown, or without a `callers` section. */
  caller: string | undefined
  upstream: string | undefined
  /** Such as `allow[0]`. */
  rule: string | undefined
  method: string
  path: string
  status: number
  bytesIn: number
  bytesOut: number
  ms: number
  /** How often the request was sent to the API. */
  attempts: number
  /** Seconds since the token was requested. */
  tokenAge: number | undefined
}

/** If the output is so far behind, lines are dropped and counted. */
const maxPendingLength = 16_777_216

const maxPathLength = 2000

/** Writes a JSON line for each request, those of one turn of the event loop at once. */
export class AuditLog {
  readonly #output: Writable | undefined
  readonly #now: () => number
  #pending = ''
  #dropped = 0
  #isScheduled = false
  #isBlocked = false
  #second = Number.NaN
  #secondText = ''
  readonly #quoted = new Map<string, string>()

  constructor(output: Writable | undefined, now: () => number = Date.now) {
    this.#output = output
    this.#now = now
  }

  write(entry: AuditEntry): void {
    if (this.#output === undefined) return
    if (this.#pending.length > maxPendingLength) {
      this.#dropped += 1
      return
    }
    const { caller, upstream, rule, method, path, status, bytesIn, bytesOut, ms, attempts, tokenAge } = entry
    const shown = path.length > maxPathLength ? `${path.slice(0, maxPathLength)}…` : path
    this.#pending += `{"event":"request","time":"${this.#time()}","caller":${this.#quote(caller)},"upstream":${this.#quote(upstream)},"rule":${this.#quote(rule)},"method":"${method}","path":${JSON.stringify(shown)},"status":${status},"bytesIn":${bytesIn},"bytesOut":${bytesOut},"ms":${Math.round(ms * 100) / 100},"attempts":${attempts},"tokenAge":${tokenAge === undefined ? 'null' : Math.max(0, Math.round(tokenAge))}}\n`
    if (this.#isScheduled || this.#isBlocked) return
    this.#isScheduled = true
    setImmediate(() => this.#flush())
  }

  /** Writes what is pending, without waiting for the output. */
  end(): void {
    if (this.#pending !== '') this.#output?.write(this.#pending)
    this.#pending = ''
  }

  #flush(): void {
    this.#isScheduled = false
    if (this.#dropped > 0) {
      this.#pending += `{"event":"audit.dropped","time":"${this.#time()}","lines":${this.#dropped}}\n`
      this.#dropped = 0
    }
    const text = this.#pending
    this.#pending = ''
    if (this.#output?.write(text) !== false) return
    this.#isBlocked = true
    this.#output.once('drain', () => {
      this.#isBlocked = false
      if (this.#pending !== '') this.#flush()
    })
  }

  /** As `toISOString`, which would take half of a line's time. */
  #time(): string {
    const now = this.#now()
    const second = Math.floor(now / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#secondText = new Date(second * 1000).toISOString().slice(0, 20)
    }
    return `${this.#secondText}${String(now - second * 1000).padStart(3, '0')}Z`
  }

  /** Names come from the configuration, so that they are few, and each is escaped once. */
  #quote(name: string | undefined): string {
    if (name === undefined) return 'null'
    const known = this.#quoted.get(name)
    if (known !== undefined) return known
    const quoted = JSON.stringify(name)
    this.#quoted.set(name, quoted)
    return quoted
  }
}
