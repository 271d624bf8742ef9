import { join } from 'node:path'
import { builtFolder } from '../build-adapters.ts'
import { tokenPeers } from '../peers.ts'
import type { OutsideRow } from '../row.ts'
import { runNode } from '../run-program.ts'

const reason =
  'openid-client alone takes 1.18 to 1.25. Options that are checked, and code that runs for the first time, take the rest; no part of it stands out.'

/** The time from the start of a process to the API's response. */
export const firstAnswer: OutsideRow = {
  kind: 'outside',
  name: 'first-answer',
  title: 'From the start of a process to the first authorised answer',
  about:
    'A new process imports the peer, requests a token over loopback, makes one request and reads the response. The start of Node is included.',
  baseline: 'hand-written',
  peers: tokenPeers,
  metrics: [
    {
      key: 'time',
      title: 'start to answer',
      unit: 'ms',
      hasRatio: true,
      ratioTarget: 1.4,
      replaced: { kind: 'ratio', target: 1.2, reason },
    },
  ],
  rounds: { full: 21, quick: 1 },
  async measure(peer, { server, nodeOptions }) {
    const output = await runNode([...nodeOptions, join(builtFolder, 'first-answer.js'), peer, server.origin])
    return { time: Number(output) }
  },
}
