/** A stage for clients whose every output is kept: events, errors, results, what their stores are given, what is logged. */
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

/** Sees outputs that belong to no one client: a console, spans, a log. `nightlatch` is told nothing of it. */
export interface Observer {
  readonly name: string
  /** All that was seen so far. */
  seen(): readonly unknown[]
}

export class Stage {
  readonly secrets: MarkedSecrets = new MarkedSecrets()
  readonly codes: Set<string> = new Set()
  readonly events: Set<string> = new Set()
  /** Seconds that a client on it may take: short where nothing is going to come. */
  patience = 30
  readonly #name: string
  readonly #leaks = new Set<string>()
  /** Looked through at the end, since a secret may be marked after it was told. */
  readonly #told: { readonly what: string; readonly value: unknown }[] = []

  constructor(name: string) {
    this.#name = name
  }

  /** A secret that stands nowhere else. */
  secret(name: string): string {
    // With what encodings differ in, and what ends a line of a header or a part of a URL.
    const secret = `mk+/=:%&?#@${crypto.randomUUID()}`
    this.secrets.mark(name, secret)
    return secret
  }

  /** What a library gave out. */
  tell(what: string, value: unknown): void {
    this.#told.push({ what, value })
  }

  /** Does something, and tells what came of it. Answers with it, or with `undefined` where it failed. */
  async try<Result>(what: string, work: () => Result | Promise<Result>): Promise<Result | undefined> {
    try {
      const result = await work()
      this.tell(`${what}: what it answers`, result)
      return result
    } catch (failure) {
      this.tell(`${what}: what it throws`, failure)
      for (let error: unknown = failure; error instanceof Error; error = error.cause) {
        if (error instanceof NightlatchError) this.codes.add(error.code)
      }
      return undefined
    }
  }

  /** A client that is watched, or nothing where it is refused. */
  async client<Info>(provider: Provider<Info>, options: ClientOptions): Promise<Client<Info> | undefined> {
    const onEvent = (event: ClientEvent): void => {
      this.events.add(event.type)
      this.tell(`the event ${event.type}`, event)
      options.onEvent?.(event)
    }
    const store = options.store === undefined ? {} : { store: this.#watchStore(options.store) }
    const fetch = this.#watchFetch(options.fetch ?? globalThis.fetch)
    return this.try('createClient', () =>
      createClient(provider, { timeout: this.patience, ...options, ...store, fetch, onEvent }),
    )
  }

  /** Every leak, without the secret. */
  leaks(observers: readonly Observer[] = []): readonly string[] {
    const seen = observers.flatMap((observer) => observer.seen().map((value) => ({ what: observer.name, value })))
    for (const { what, value } of [...this.#told, ...seen]) {
      for (const name of this.secrets.findPrinted(value)) this.#leaks.add(`${this.#name}: ${what}: ${name}`)
    }
    this.#told.length = 0
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
      this.tell('a key of the store', key)
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
