/** Configures the server and reads its counts; never used during a measurement. */
import { request } from 'node:http'
import { type Behaviour, type Counts, defaultBehaviour } from './server.ts'

export class ServerControl {
  readonly origin: string

  constructor(origin: string) {
    this.origin = origin
  }

  get tokenEndpoint(): string {
    return `${this.origin}/token`
  }

  get apiUrl(): string {
    return `${this.origin}/api`
  }

  /** Sets the server's behaviour; omitted members have their defaults. */
  async behave(behaviour: Partial<Behaviour>): Promise<void> {
    await this.#post('/behaviour', { ...defaultBehaviour, ...behaviour })
  }

  async reset(): Promise<void> {
    await this.#post('/reset', {})
  }

  async counts(): Promise<Counts> {
    return (await this.#post('/counts', {})) as Counts
  }

  /** Uses a new connection each time, so that the peer's connections are not affected. */
  #post(path: string, value: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const sent = request(`${this.origin}${path}`, { method: 'POST', agent: false }, async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        resolve(JSON.parse(text))
      })
      sent.once('error', reject)
      sent.end(JSON.stringify(value))
    })
  }
}
