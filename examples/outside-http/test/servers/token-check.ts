import { type Client, createClient } from '@nightlatch/core'
import { createClock, type StandardEmulator, standardEmulation, startEmulator } from '@nightlatch/testing'

/** An emulated authorization server, and a client of it, by a clock that a test sets. */
export interface TokenSource extends AsyncDisposable {
  readonly emulator: StandardEmulator
  readonly client: Client
  readonly advance: (seconds: number) => void
  /** Whether a token is valid now, as a resource server would check it. */
  readonly accepts: (token: string) => Promise<boolean>
  /** How many tokens the authorization server was asked for. */
  readonly grants: () => number
}

/** @param lifetime of a token, in seconds */
export async function startTokenSource(lifetime: number): Promise<TokenSource> {
  const clock = createClock()
  const emulator = await startEmulator(standardEmulation({ lifetime, now: clock.now }))
  const client = createClient(
    { name: 'acme', tokenEndpoint: emulator.tokenEndpoint },
    { credentials: emulator.credentials, timeout: 60, now: clock.now },
  )
  return {
    emulator,
    client,
    advance: clock.advance,
    async accepts(token) {
      const response = await fetch(emulator.apiUrl, { headers: { authorization: `Bearer ${token}` } })
      return response.status === 200
    },
    grants: () => emulator.requests.filter(({ part }) => part === 'token').length,
    async [Symbol.asyncDispose]() {
      await client.close()
      await emulator.close()
    },
  }
}
