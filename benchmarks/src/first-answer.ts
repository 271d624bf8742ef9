/** Makes one authorised request and prints the time since the process started. */
import { answerOnce } from './answer-once.ts'
import { findPeer } from './peers.ts'

const [name = '', origin = ''] = process.argv.slice(2)
await answerOnce(await findPeer(name).load(), origin)
const took = performance.now()
process.stdout.write(String(took), () => process.exit())
