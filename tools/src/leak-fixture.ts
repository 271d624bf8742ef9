/** Records all outputs of clients: events, errors, results and store keys. */
import {
  type Client,
  type ClientEvent,
  type ClientOptions,
  createClient,
  NightlatchError,
  type Provider,
  type StoredToken,
  type TokenStore,
} from '@nightlatch/core'
import { MarkedSecrets } from './leak-search.ts'

/** Records outputs that belong to no single client, such as a console, spans or a log. */
export interface Observer {
  readonly name: string
  /** All values recorded so far. */
  seen(): readonly unknown[]
}

export class LeakFixture {
  readonly secrets: MarkedSecrets = new MarkedSecrets()
  readonly codes: Set<string> = new Set()
  readonly events: Set<string> = new Set()
  /** Timeout of the clients; short if the server never responds. */
  timeoutSeconds = 30
  readonly #name: string
  readonly #leaks = new Set<string>()
  /** Searched at the end, because a value may be recorded before its secret is marked. */
  readonly #recorded: { readonly what: string; readonly value: unknown }[] = []

  constructor(name: string) {
    this.#name = name
  }

  /** Creates and marks a unique secret. */
  secret(name: string): string {
    // Contains the characters that encodings write differently, or that end a part of a URL.
    const secret = `mk+/=:%&?#@${crypto.randomUUID()}`
    this.secrets.mark(name, secret)
    return secret
  }

  /** Records an output of the library. */
  record(what: string, value: unknown): void {
    this.#recorded.push({ what, value })
  }

  /** Runs a step and records its outcome; resolves to `undefined` if it failed. */
  async try<Result>(what: string, work: () => Result | Promise<Result>): Promise<Result | undefined> {
    try {
      const result = await work()
      this.record(`${what}: result`, result)
      return result
    } catch (failure) {
      this.record(`${what}: error`, failure)
      for (let error: unknown = failure; error instanceof Error; error = error.cause) {
        if (error instanceof NightlatchError) this.codes.add(error.code)
      }
      return undefined
    }
  }

  /** Creates a client whose outputs are recorded; `undefined` if `createClient` throws. */
  async client<Info>(provider: Provider<Info>, options: ClientOptions): Promise<Client<Info> | undefined> {
    const onEvent = (event: ClientEvent): void => {
      this.events.add(event.type)
      this.record(`the event ${event.type}`, event)
      options.onEvent?.(event)
    }
    const store = options.store === undefined ? {} : { store: this.#watchStore(options.store) }
    const fetch = this.#watchFetch(options.fetch ?? globalThis.fetch)
    return this.try('createClient', () =>
      createClient(provider, { timeout: this.timeoutSeconds, ...options, ...store, fetch, onEvent }),
    )
  }

  /** All leaks, without the secrets. */
  leaks(observers: readonly Observer[] = []): readonly string[] {
    const seen = observers.flatMap((observer) => observer.seen().map((value) => ({ what: observer.name, value })))
    for (const { what, value } of [...this.#recorded, ...seen]) {
      for (const name of this.secrets.findPrinted(value)) this.#leaks.add(`${this.#name}: ${what}: ${name}`)
    }
    this.#recorded.length = 0
    return [...this.#leaks]
  }

  #watchFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
    return (input, init) => {
      const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined))
      this.secrets.markRequest({ headers }, typeof init?.body === 'string' ? init.body : String(init?.body ?? ''))
      return fetch(input, init)
    }
  }

  #watchStore(store: TokenStore): TokenStore {
    const { lock } = store
    const key = (key: string): string => {
      this.record('a key of the store', key)
      return key
    }
    return {
      get: (name) => store.get(key(name)),
      set: (name, token: StoredToken) => store.set(key(name), token),
      delete: (name, token) => store.delete(key(name), token),
      ...(lock === undefined ? {} : { lock: (name, options) => lock.call(store, key(name), options) }),
    }
  }
}
