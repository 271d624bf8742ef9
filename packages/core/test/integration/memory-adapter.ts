import type { Adapter, AdapterPayload } from 'oidc-provider'

/** Where oidc-provider keeps what it issues; of a client-credentials token nothing else is ever asked. */
export class MemoryAdapter implements Adapter {
  readonly #entries = new Map<string, AdapterPayload>()

  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    this.#entries.set(id, payload)
  }
  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.#entries.get(id)
  }
  async findByUid(): Promise<undefined> {}
  async findByUserCode(): Promise<undefined> {}
  async consume(): Promise<void> {}
  async destroy(id: string): Promise<void> {
    this.#entries.delete(id)
  }
  async revokeByGrantId(): Promise<void> {}
}
