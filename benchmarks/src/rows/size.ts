import { installedWith } from '../installed-packages.ts'
import { findPeer, peers } from '../peers.ts'
import type { OutsideRow } from '../row.ts'
import { weigh } from '../weigh.ts'

/** What of a package a client-credentials user imports; all else may fall away. */
const used: Readonly<Record<string, string>> = {
  latchkey: `export { createClient } from '@latchkey/core'; export { prevu3d } from '@latchkey/prevu3d'`,
  'openid-client': `export { Configuration, ClientSecretBasic, clientCredentialsGrant, fetchProtectedResource } from 'openid-client'`,
  oauth4webapi: `export { ClientSecretBasic, clientCredentialsGrantRequest, processClientCredentialsResponse, protectedResourceRequest } from 'oauth4webapi'`,
  'simple-oauth2': `export { ClientCredentials } from 'simple-oauth2'`,
  '@badgateway/oauth2-client': `export { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client'`,
  '@azure/msal-node': `export { ConfidentialClientApplication } from '@azure/msal-node'`,
  '@azure/core-rest-pipeline': `export { bearerTokenAuthenticationPolicy, createDefaultHttpClient, createEmptyPipeline, createPipelineRequest } from '@azure/core-rest-pipeline'`,
  'google-auth-library': `export { OAuth2Client } from 'google-auth-library'`,
  axios: `export { default as axios } from 'axios'; export { clientCredentials } from 'axios-oauth-client'; export { default as interceptor } from 'axios-token-interceptor'`,
}

/** What is downloaded, and what is installed. */
export const size: OutsideRow = {
  kind: 'outside',
  name: 'size',
  title: 'Size, and packages installed',
  about:
    'What a client-credentials user imports, bundled by Rolldown with everything it depends on, minified and gzipped. "At once" is what the first import loads; "later" is what is imported when it is first needed, ky and openid-client for the core. Latchkey is the core with one provider. Packages are the ones a user installs and all they depend on.',
  baseline: undefined,
  peers: peers.map(({ name }) => name).filter((name) => used[name] !== undefined),
  metrics: [
    { key: 'atOnce', title: 'at once', unit: 'kB', target: 24 },
    { key: 'later', title: 'later', unit: 'kB' },
    { key: 'total', title: 'in all', unit: 'kB', target: 24 },
    { key: 'packages', title: 'packages', unit: '', target: 7 },
  ],
  rounds: { full: 1, quick: 1 },
  async measure(peer, { nodeOptions }) {
    const { atOnce, later } = await weigh(used[peer] ?? '', nodeOptions)
    const packages = installedWith(findPeer(peer).packages, import.meta.dirname).size
    return { atOnce: atOnce / 1000, later: later / 1000, total: (atOnce + later) / 1000, packages }
  },
}
