import { execFile, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { prepare, type Surroundings } from '../src/emulated-vendors.ts'
import { type GatewayProcess, startGateway } from '../src/gateway-process.ts'

const examples = join(import.meta.dirname, '..')
/** Where Python has `requests`; the first found. */
const python = ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['-c', 'import requests']).status === 0)

let surroundings: Surroundings
let gateway: GatewayProcess
beforeAll(async () => {
  surroundings = await prepare(
    ['etl', 'edge'],
    ({ etl, edge }) => `listen: [{ port: 0 }]
callers: { etl: { keys: ["${etl}"] }, edge: { keys: ["${edge}"] } }
upstreams:
  towers: { client: towers, allow: [{ callers: [etl], methods: [GET], paths: ["/v1/**"] }] }
  plants: { client: plants, allow: [{ callers: "*", methods: [GET, POST], paths: ["/Instances(*)/**"] }], authorize: [edge] }
tokens: { plants: { callers: [etl] } }
`,
  )
  gateway = await startGateway(surroundings.folder, 1)
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await surroundings[Symbol.asyncDispose]()
})

describe.skipIf(python === undefined)('the Python script', () => {
  async function browse(key: string): Promise<{ readonly stdout: string }> {
    const file = join(surroundings.folder, 'gateway-key')
    await writeFile(file, `${key}\n`)
    const env = {
      GATEWAY: gateway.main,
      GATEWAY_KEY_FILE: file,
      ORGANIZATION: surroundings.prevu3d.organization.id,
      PATH: process.env.PATH,
    }
    return await promisify(execFile)(python ?? '', [join(examples, 'python/browse.py')], { env })
  }

  it('lists the divisions', async () => {
    expect((await browse(surroundings.keys.etl ?? '')).stdout).toBe('North Division\nSouth Division\n')
  })

  it('ends with what the gateway says', async () => {
    await expect(browse(surroundings.keys.edge ?? '')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No rule for the caller `edge`'),
    })
  })
})

describe('the requests of the Postman collection', () => {
  it('get the projects, by Basic and by the token endpoint', async () => {
    const text = await readFile(join(examples, 'postman/gateway.postman_collection.json'), 'utf8')
    const variables: Readonly<Record<string, string>> = {
      gateway: gateway.main,
      caller: 'etl',
      api: `${surroundings.hexagon.host}/sc/datalake/v1`,
      'gateway-key': surroundings.keys.etl ?? '',
    }
    const { item } = JSON.parse(text.replace(/\{\{([\w-]+)\}\}/g, (_, name: string) => variables[name] ?? ''))
    const answers = await Promise.all(item.map(({ request }: { request: PostmanRequest }) => send(request)))
    for (const { value } of answers as readonly { value: readonly { Name: string }[] }[]) {
      expect(value.map(({ Name }) => Name)).toContain('Pump Station')
    }
    expect(answers).toHaveLength(2)
  })
})

interface PostmanRequest {
  readonly method: string
  readonly url: string
  readonly auth: {
    readonly type: 'basic' | 'oauth2'
    readonly basic?: readonly PostmanSetting[]
    readonly oauth2?: readonly PostmanSetting[]
  }
}

interface PostmanSetting {
  readonly key: string
  readonly value: string
}

/** Sends a request as Postman does: Basic as it is, or a token from `accessTokenUrl` with the credentials in the header. */
async function send({ method, url, auth }: PostmanRequest): Promise<unknown> {
  const { basic = [], oauth2 = [] } = auth
  const settings = Object.fromEntries([...basic, ...oauth2].map(({ key, value }) => [key, value]))
  let authorization = `Basic ${btoa(`${settings.username}:${settings.password}`)}`
  if (auth.type === 'oauth2') {
    expect(settings).toMatchObject({ client_authentication: 'header', addTokenTo: 'header' })
    const response = await fetch(settings.accessTokenUrl ?? '', {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${settings.clientId}:${settings.clientSecret}`)}` },
      body: new URLSearchParams({ grant_type: settings.grant_type ?? '' }),
    })
    const { access_token, token_type } = (await response.json()) as Readonly<Record<string, string>>
    authorization = `${token_type} ${access_token}`
  }
  const response = await fetch(url, { method, headers: { authorization } })
  expect(response.status).toBe(200)
  return await response.json()
}

describe('a request of Power Query', () => {
  it('is sent with Basic to the path of the file', async () => {
    const query = await readFile(join(examples, 'power-bi/plants.pq'), 'utf8')
    const [, path] = /RelativePath = "([^"]+)"/.exec(query) ?? []
    const authorization = `Basic ${btoa(`etl:${surroundings.keys.etl}`)}`
    const response = await fetch(`${gateway.main}/${path}`, { headers: { authorization, accept: 'application/json' } })
    const { value } = (await response.json()) as { readonly value: readonly object[] }
    expect(value[0]).toHaveProperty('Name')
  })
})

describe('a request that Envoy sends for each of its own', () => {
  it('has the method and the path of the request, and gets the token', async () => {
    const { static_resources } = parse(await readFile(join(examples, 'envoy/envoy.yaml'), 'utf8'))
    const [filter] = static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters
    const { path_prefix, authorization_request } = filter.typed_config.http_service
    const [{ key, value }] = authorization_request.headers_to_add
    const ask = async (method: string, path: string): Promise<Response> =>
      await fetch(`${gateway.main}${path_prefix}${path}`, {
        method,
        headers: { [key]: value.replace('nlgw_...', surroundings.keys.edge) },
      })
    const allowed = await ask('POST', '/Instances(2)/Projects?a=b')
    expect(allowed.status).toBe(200)
    expect(allowed.headers.get('authorization')).toMatch(/^Bearer ./)
    expect((await ask('DELETE', '/Instances(2)/Projects')).status).toBe(403)
    expect((await ask('GET', '/Instances')).status).toBe(403)
  })
})
