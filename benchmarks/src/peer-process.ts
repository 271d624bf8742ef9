/** The process of one peer in one row: it prepares once, then measures for each message. */
import { findPeer } from './peers.ts'
import { findRow } from './rows.ts'
import { ServerControl } from './server-control.ts'
import { settingsAt } from './settings.ts'

/** The replies of the process; the only request is `sample`. */
export type Reply =
  | { readonly is: 'ready'; readonly takesPart: boolean }
  | { readonly is: 'sample'; readonly sample: Readonly<Record<string, number>> }
  | { readonly is: 'failure'; readonly reason: string }

const send = (reply: Reply): void => void process.send?.(reply)
const fail = (failure: unknown): void =>
  send({ is: 'failure', reason: failure instanceof Error ? (failure.stack ?? failure.message) : String(failure) })

if (process.send !== undefined) {
  // An unhandled rejection of a peer is logged, but does not end the process.
  process.on('unhandledRejection', (reason) => process.stderr.write(`Unhandled: ${reason}\n`))
  process.once('disconnect', () => process.exit())
  const [rowName = '', peerName = '', origin = '', speed] = process.argv.slice(2)
  try {
    const row = findRow(rowName)
    if (row.kind !== 'process') throw new TypeError(`${rowName} is measured from outside.`)
    const server = new ServerControl(origin)
    await server.behave({})
    const measure = await row.prepare(await findPeer(peerName).load(), {
      server,
      settings: settingsAt(origin),
      isQuick: speed === 'quick',
    })
    process.on('message', () => {
      measure?.().then((sample) => send({ is: 'sample', sample }), fail)
    })
    send({ is: 'ready', takesPart: measure !== undefined })
  } catch (failure) {
    fail(failure)
  }
}
