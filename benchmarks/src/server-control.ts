/** How a peer's process sets the server, and asks it what it saw; never while something is measured. */
import { request } from 'node:http'
import { type Behaviour, type Counts, wellBehaved } from './server.ts'

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

  /** What is left out is as in a server that behaves well. */
  async behave(behaviour: Partial<Behaviour>): Promise<void> {
    await this.#post('/behaviour', { ...wellBehaved, ...behaviour })
  }

  async reset(): Promise<void> {
    await this.#post('/reset', {})
  }

  async counts(): Promise<Counts> {
    return (await this.#post('/counts', {})) as Counts
  }

  /** A connection of its own each time: the peer's are left as they are. */
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
