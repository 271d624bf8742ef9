/** Makes one authorised request and prints the time since the process started. */
import { findPeer } from './peers.ts'

const [name = '', origin = ''] = process.argv.slice(2)
const { send, finish } = await (await findPeer(name).load()).open({
  tokenEndpoint: `${origin}/token`,
  apiUrl: `${origin}/api`,
  clientId: 'benchmark',
  clientSecret: 'a secret of 32 characters, no less',
  fetch: undefined,
})
const status = await finish?.(await send?.(`${origin}/api/x`))
const took = performance.now()
if (status !== 200) throw new Error(`The API responded with ${status}.`)
process.stdout.write(String(took), () => process.exit())
