import { statSync } from 'node:fs'
import { join } from 'node:path'
import { builtFolder } from '../build-adapters.ts'
import { functionFile, functionPeers } from '../bundle-functions.ts'
import type { OutsideRow, Sample } from '../row.ts'
import { runNode } from '../run-program.ts'

/** The cold start of a serverless function. */
export const bundledStart: OutsideRow = {
  kind: 'outside',
  name: 'bundled-start',
  title: 'Cold start of a function in one file, to the first authorised answer',
  about:
    'esbuild bundles each peer and a handler into one minified CommonJS file, as tools for AWS Lambda do. A new process of Node loads the file and calls the handler, which requests a token over loopback and makes one request. The start of Node is included.',
  baseline: 'hand-written',
  peers: Object.keys(functionPeers),
  metrics: [
    {
      key: 'time',
      title: 'start to answer',
      unit: 'ms',
      hasRatio: true,
      ratioTarget: 1.35,
      replaced: {
        kind: 'ratio',
        target: 1.3,
        reason:
          'Runs differ by a few percent. The file contains messages, checks and openid-client, which esbuild cannot leave out.',
      },
    },
    { key: 'cpu', title: 'CPU', unit: 'ms', hasRatio: true, ratioTarget: 1.3 },
    { key: 'size', title: 'file', unit: 'kB' },
  ],
  rounds: { full: 25, quick: 1 },
  async measure(peer, { server, nodeOptions }) {
    const file = functionFile(peer)
    const output = await runNode([...nodeOptions, join(builtFolder, 'function-runtime.js'), file, server.origin])
    return { ...(JSON.parse(output) as Sample), size: statSync(file).size / 1000 }
  },
}
