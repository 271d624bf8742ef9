/** A process that does one thing: an authorised request. Tells how long it took since it was started. */
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
if (status !== 200) throw new Error(`The API answered ${status}.`)
process.stdout.write(String(took), () => process.exit())
