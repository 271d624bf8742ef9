import type { Settings } from './peer.ts'

/** The addresses of the benchmark's server, and credentials that it accepts. */
export function settingsAt(origin: string): Settings {
  return {
    tokenEndpoint: `${origin}/token`,
    apiUrl: `${origin}/api`,
    clientId: 'benchmark',
    clientSecret: 'a secret of 32 characters, no less',
    fetch: undefined,
  }
}
