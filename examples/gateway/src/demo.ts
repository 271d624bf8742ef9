/**
 * The gateway at work: emulated Prevu3D and Hexagon, the gateway from a YAML file, and callers that know neither OAuth nor the
 * secrets. `npx -y pnpm@12 demo:gateway` runs it; it ends by itself.
 */
import { spawnSync } from 'node:child_process'
import { type CallOptions, callerOf } from './call-gateway.ts'
import { prepare } from './emulated-vendors.ts'
import { checkGateway, startGateway } from './gateway-process.ts'

const hasCurl = spawnSync('curl', ['--version']).error === undefined
const print = (text = ''): void => void process.stdout.write(`${text}\n`)
const title = (text: string): void => print(`\n== ${text}`)

await using surroundings = await prepare(
  ['dashboard', 'etl'],
  (digests) => `listen:
  - { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0 }
callers:
  dashboard: { keys: ["${digests.dashboard}"] }
  etl: { keys: ["${digests.etl}"] }
upstreams:
  towers: { client: towers, allow: [{ callers: [dashboard], methods: [GET], paths: ["/v1/**"] }] }
  plants: { client: plants, allow: [{ callers: [dashboard], methods: [GET], paths: ["/Instances(*)/Projects"] }] }
tokens:
  plants: { callers: [etl] }
`,
)
const { prevu3d, folder, keys, configuration } = surroundings

print('Two vendors are emulated on this machine: Prevu3D RealityConnect and Hexagon Smart Completions.')
print('Every request below is sent over a socket. The callers have a key of the gateway, and no secret of a vendor.')

title('gateway.config.yaml')
print(configuration.trimEnd())

title('nightlatch-gateway check: who may do what')
print((await checkGateway(folder)).trimEnd())

await using gateway = await startGateway(folder, 2)
const { main, admin } = gateway
title(`nightlatch-gateway listens at ${main}`)
const send = callerOf(hasCurl ? 'curl' : 'fetch', keys, print)
let isAsExpected = true
const call = async (expected: number, caller: string, url: string, options?: CallOptions): Promise<void> => {
  const status = await send(caller, url, options)
  if (status === expected) return
  isAsExpected = false
  print(`  Expected ${expected}.`)
}

await call(200, 'dashboard', `${main}/towers/v1/nodes/${prevu3d.organization.id}/browse`)
await call(200, 'dashboard', `${main}/plants/Instances(2)/Projects?%24top=2`)

title('Prevu3D revokes the token: the gateway gets another and repeats the request')
prevu3d.faults.set('api', { name: 'revoked' })
await call(200, 'dashboard', `${main}/towers/v1/nodes/${prevu3d.organization.id}/browse`)
prevu3d.faults.clear()

title('What no rule permits is refused')
await call(403, 'dashboard', `${main}/plants/Instances`)
await call(403, 'etl', `${main}/towers/v1/nodes/${prevu3d.organization.id}/browse`)

title('A tool that only knows OAuth asks the gateway as if it were a token endpoint')
await call(200, 'etl', `${main}/token/plants`, { form: 'grant_type=client_credentials' })

title('The audit log, on standard output')
for (const { caller, upstream, method, path, status, attempts } of gateway.audit) {
  print(JSON.stringify({ caller, upstream, method, path, status, attempts }))
}

title(`The status page, while the gateway runs: ${admin}/`)
const page = await fetch(`${admin}/`, { headers: { accept: 'text/html' } })
print(`GET ${admin}/ responds with ${page.status}, ${(await page.text()).length} characters of HTML without script`)

const status = await gateway.stop()
title(`SIGTERM: the gateway finished its requests and exited with ${status}`)
process.exitCode = isAsExpected && page.ok && status === 0 ? 0 : 1
