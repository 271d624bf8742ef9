import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  findProgram,
  freePort,
  isResponding,
  onPath,
  type RunningProgram,
  start,
} from '../../../tools/src/installed-program.ts'
import { prepare, type Surroundings } from '../src/emulated-vendors.ts'
import { type GatewayProcess, startGateway } from '../src/gateway-process.ts'
import { copyFiles, type TemporaryCopy } from './temporary-copy.ts'

const program = findProgram(...onPath('nginx'))

describe.skipIf(program === undefined)('nginx with the files of the example', () => {
  let surroundings: Surroundings
  let gateway: GatewayProcess
  let copy: TemporaryCopy
  let nginx: RunningProgram
  let url: string

  beforeAll(async () => {
    surroundings = await prepare(
      ['edge'],
      ({ edge }) => `listen: [{ port: 0 }]
callers: { edge: { keys: ["${edge}"] } }
upstreams:
  towers: { client: towers, allow: [{ callers: [edge], methods: [GET], paths: ["/v1/**"] }] }
  plants:
    client: plants
    allow: [{ callers: [edge], methods: [GET, POST], paths: ["/Instances(*)/**"] }]
    authorize: [edge]
`,
    )
    gateway = await startGateway(surroundings.folder, 1)
    copy = await copyFiles('nginx/nightlatch.conf', 'nginx/nightlatch-key.conf')
    const { folder, edit } = copy
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    await edit('nightlatch-key.conf', { 'nlgw_...': surroundings.keys.edge ?? '' })
    await edit('nightlatch.conf', {
      '127.0.0.1:8711': new URL(gateway.main).host,
      '127.0.0.1:8080': `127.0.0.1:${port}`,
      'https://completions.example.com': surroundings.hexagon.host,
      '/etc/nginx/': `${folder}/`,
    })
    await writeFile(join(folder, 'nginx.conf'), mainConfiguration(folder))
    // The worker may run as another user.
    await chmod(folder, 0o755)
    const parameters = ['-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')]
    nginx = await start(program ?? '', parameters, {}, () => isResponding(url))
  })

  afterAll(async () => {
    await nginx[Symbol.asyncDispose]()
    await gateway[Symbol.asyncDispose]()
    await copy[Symbol.asyncDispose]()
    await surroundings[Symbol.asyncDispose]()
  })

  it('stands in front of the gateway', async () => {
    const { organization } = surroundings.prevu3d
    const response = await fetch(`${url}/towers/v1/nodes/${organization.id}/browse`, {
      headers: { authorization: 'Bearer of-the-caller' },
    })
    expect(response.status).toBe(200)
    expect(JSON.stringify(await response.json())).toContain('North Division')
    const sent = surroundings.prevu3d.requests.at(-1)
    expect(sent?.headers.get('authorization')).not.toContain('of-the-caller')
  })

  it('forwards by itself with a token from the gateway', async () => {
    const response = await fetch(`${url}/plants/Instances(2)/Projects?$top=1`, { headers: { cookie: 'a=b' } })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ value: [{ Name: 'Refinery Turnaround' }] })
    await expect
      .poll(() => gateway.audit.find(({ path }) => path.startsWith('/authorize/')), { timeout: 60_000 })
      .toMatchObject({ caller: 'edge', upstream: 'plants', status: 200 })
    expect(surroundings.hexagon.requests.at(-1)?.headers.get('cookie')).toBeNull()
  })

  it('forwards a body', async () => {
    const response = await fetch(`${url}/plants/Instances(2)/Projects`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ Name: 'Flare Stack' }),
    })
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({ Name: 'Flare Stack' })
  })

  it('refuses what no rule permits', async () => {
    expect((await fetch(`${url}/plants/Instances`)).status).toBe(403)
    expect((await fetch(`${url}/plants/Instances(2)/Projects`, { method: 'DELETE' })).status).toBe(403)
  })

  it('lets the gateway send a request whose token the API rejected', async () => {
    surroundings.hexagon.faults.set('api', { name: 'revoked' })
    const response = await fetch(`${url}/plants/Instances(2)/Projects`)
    surroundings.hexagon.faults.clear()
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ value: expect.any(Array) })
  })
})

function mainConfiguration(folder: string): string {
  return `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  include ${folder}/nightlatch.conf;
}
`
}
