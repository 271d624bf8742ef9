import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installedWith } from '../installed-packages.ts'
import { findPeer, peers } from '../peers.ts'
import type { OutsideRow } from '../row.ts'
import { weigh } from '../weigh.ts'

/** The file in `weighed/` of each peer, with the imports of a client-credentials user; the rest is tree-shaken. */
const weighed: Readonly<Record<string, string>> = {
  nightlatch: 'nightlatch',
  'openid-client': 'openid-client',
  oauth4webapi: 'oauth4webapi',
  'simple-oauth2': 'simple-oauth2',
  '@badgateway/oauth2-client': 'badgateway',
  '@azure/msal-node': 'msal-node',
  '@azure/core-rest-pipeline': 'azure-core-rest-pipeline',
  'google-auth-library': 'google-auth-library',
  axios: 'axios',
}

const reason =
  'ky, openid-client and the checks of options weigh more than that; [decisions](decisions.md) lists each part. The core alone may weigh 32 kB at once, and a build that weighs more fails.'

/** The bundle size and the number of installed packages. */
export const size: OutsideRow = {
  kind: 'outside',
  name: 'size',
  title: 'Size, and packages installed',
  about:
    'What a client-credentials user imports, bundled by Rolldown, minified and gzipped. The first import loads "at once"; "later" is loaded when it is first needed. Nightlatch is the core with one provider.',
  baseline: undefined,
  peers: peers.map(({ name }) => name).filter((name) => weighed[name] !== undefined),
  metrics: [
    { key: 'atOnce', title: 'at once', unit: 'kB', target: 35, replaced: { kind: 'value', target: 18, reason } },
    { key: 'later', title: 'later', unit: 'kB' },
    { key: 'total', title: 'in all', unit: 'kB', target: 72, replaced: { kind: 'value', target: 40, reason } },
    { key: 'packages', title: 'packages', unit: '', target: 7 },
  ],
  rounds: { full: 1, quick: 1 },
  async measure(peer, { nodeOptions }) {
    const file = join(import.meta.dirname, '../weighed', `${weighed[peer]}.ts`)
    const { atOnce, later } = await weigh(readFileSync(file, 'utf8'), nodeOptions)
    const packages = installedWith(findPeer(peer).packages, import.meta.dirname).size
    return { atOnce: atOnce / 1000, later: later / 1000, total: (atOnce + later) / 1000, packages }
  },
}
