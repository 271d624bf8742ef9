/** Searches printed, thrown, logged and stored values for marked secrets (rule X1). */
import { format, inspect } from 'node:util'

/** Secrets with names, so that a leak is reported without the secret. */
export class MarkedSecrets {
  readonly #forms = new Map<string, string>()

  /** Ignores values of less than eight characters, which would match ordinary words. */
  mark(name: string, secret: string): void {
    if (secret.length < 8) return
    for (const form of formsOf(secret)) this.#forms.set(form, name)
  }

  /** Marks the secrets of a request: credentials, assertions, tokens and proofs. */
  markRequest({ headers }: { readonly headers: Headers }, body: string): void {
    for (const [name, value] of headers) {
      if (!/^(authorization|dpop|cookie|x-api-key)$/.test(name)) continue
      for (const part of value.split(' ')) this.mark(`the header ${name}`, part)
      this.#markParts(`a part of the header ${name}`, value)
    }
    for (const [name, value] of new URLSearchParams(body)) {
      if (name === 'client_assertion' || name === 'client_secret') this.mark(`the parameter ${name}`, value)
      if (name === 'client_assertion') this.#markParts('a part of the assertion', value)
    }
  }

  /** Marks the payload and the signature of a JWT, which are as secret as the whole. */
  #markParts(name: string, value: string): void {
    const [, payload, signature] = value.split('.')
    for (const part of [payload, signature]) if (part !== undefined) this.mark(name, part)
  }

  get size(): number {
    return this.#forms.size
  }

  /** The names of the secrets that a text contains in any encoding. */
  findIn(text: string): readonly string[] {
    return [...new Set([...this.#forms].filter(([form]) => text.includes(form)).map(([, name]) => name))]
  }

  /** The names of the secrets that printing a value, or any value reachable from it, reveals. */
  findPrinted(value: unknown): readonly string[] {
    return this.findIn(printingsOf(value))
  }
}

/** The encodings of a secret: plain, JSON, URL, form, hex, and Base64 at each offset. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const encoded = [encodeURIComponent(secret), new URLSearchParams([['', secret]]).toString().slice(1)]
  const within = [0, 1, 2].flatMap((before) => {
    // The first and last group of four characters depend on the neighbouring bytes.
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const stable = text.slice(before === 0 ? 0 : 4, text.length - ((before + bytes.length) % 3 === 0 ? 0 : 2))
    return [stable, stable.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    inspect(secret).slice(1, -1),
    ...encoded,
    ...encoded.map((form) => form.replace(/%../g, (byte) => byte.toLowerCase())),
    ...(bytes.length >= 12 ? within : []),
    bytes.toString('hex'),
  ]
}

/** All texts that printing, logging, copying or serialising a value and its causes can produce. */
function printingsOf(value: unknown, seen: ReadonlySet<unknown> = new Set()): string {
  if (seen.has(value)) return ''
  const deeper = new Set([...seen, value])
  const deep = { depth: Number.POSITIVE_INFINITY, maxStringLength: null, maxArrayLength: null } as const
  const printings = [
    safely(() => String(value)),
    safely(() => JSON.stringify(value)),
    safely(() => JSON.stringify({ nested: [value] })),
    inspect(value, deep),
    inspect(value, { ...deep, showHidden: true }),
    inspect(value, { ...deep, showHidden: true, customInspect: false }),
    safely(() => format('%s %o %O %j %d', value, value, value, value, value)),
  ]
  if (typeof value === 'object' && value !== null) {
    printings.push(
      inspect({ ...value }, { ...deep, showHidden: true }),
      safely(() => inspect(structuredClone(value), { ...deep, showHidden: true })),
    )
  }
  if (value instanceof Error) {
    printings.push(value.name, value.message, value.stack ?? '', printingsOf(value.cause, deeper))
    const others = [...Object.values(value), ...(value instanceof AggregateError ? value.errors : [])]
    printings.push(...others.map((other) => printingsOf(other, deeper)))
  }
  return printings.join('\n')
}

/** Returns the error's message if a value cannot be printed. */
function safely(print: () => unknown): string {
  try {
    return String(print())
  } catch (failure) {
    return failure instanceof Error ? failure.message : ''
  }
}
