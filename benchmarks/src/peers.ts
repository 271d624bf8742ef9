import type { Peer } from './peer.ts'

/** A peer of the benchmark: its name and its adapter. */
export interface PeerEntry {
  readonly name: string
  /** The packages that its user installs. */
  readonly packages: readonly string[]
  /** Loads the adapter, only in the peer's own process. */
  readonly load: () => Promise<Peer>
}

/** In the order of the tables. */
export const peers: readonly PeerEntry[] = [
  {
    name: 'nightlatch',
    packages: ['@nightlatch/core', '@nightlatch/prevu3d'],
    load: async () => (await import('./peers/nightlatch.ts')).nightlatch,
  },
  { name: 'hand-written', packages: [], load: async () => (await import('./peers/hand-written.ts')).handWritten },
  {
    name: 'openid-client',
    packages: ['openid-client'],
    load: async () => (await import('./peers/openid-client.ts')).openidClient,
  },
  {
    name: 'oauth4webapi',
    packages: ['oauth4webapi'],
    load: async () => (await import('./peers/oauth4webapi.ts')).oauth4webapi,
  },
  {
    name: 'simple-oauth2',
    packages: ['simple-oauth2'],
    load: async () => (await import('./peers/simple-oauth2.ts')).simpleOauth2,
  },
  {
    name: '@badgateway/oauth2-client',
    packages: ['@badgateway/oauth2-client'],
    load: async () => (await import('./peers/badgateway.ts')).badgateway,
  },
  {
    name: '@azure/msal-node',
    packages: ['@azure/msal-node'],
    load: async () => (await import('./peers/msal-node.ts')).msalNode,
  },
  {
    name: '@azure/core-rest-pipeline',
    packages: ['@azure/core-rest-pipeline'],
    load: async () => (await import('./peers/azure-core-rest-pipeline.ts')).azureCoreRestPipeline,
  },
  {
    name: 'google-auth-library',
    packages: ['google-auth-library'],
    load: async () => (await import('./peers/google-auth-library.ts')).googleAuthLibrary,
  },
  {
    name: 'axios',
    packages: ['axios', 'axios-oauth-client', 'axios-token-interceptor'],
    load: async () => (await import('./peers/axios.ts')).axiosWithInterceptor,
  },
  { name: 'ky', packages: ['ky'], load: async () => (await import('./peers/ky-static.ts')).kyStatic },
  { name: 'fetch', packages: [], load: async () => (await import('./peers/bare-fetch.ts')).bareFetch },
  { name: 'undici', packages: ['undici'], load: async () => (await import('./peers/bare-undici.ts')).bareUndici },
  {
    name: 'nightlatch on undici',
    packages: ['@nightlatch/core', 'undici'],
    load: async () => (await import('./peers/nightlatch-undici.ts')).nightlatchUndici,
  },
]

/** @throws TypeError for an unknown name */
export function findPeer(name: string): PeerEntry {
  const found = peers.find((peer) => peer.name === name)
  if (found === undefined) throw new TypeError(`Unknown peer '${name}'.`)
  return found
}

/** The peers for tokens, which most rows compare. */
export const tokenPeers: readonly string[] = peers
  .map(({ name }) => name)
  .filter((name) => !['ky', 'fetch', 'undici', 'nightlatch on undici'].includes(name))
