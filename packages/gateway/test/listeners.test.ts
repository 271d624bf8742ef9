import { mkdtemp, rm, stat } from 'node:fs/promises'
import { get, type IncomingMessage, type RequestOptions } from 'node:http'
import { get as getSecurely } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createCertificateAuthority, createSelfSigned } from '../../testing/test/certificates.ts'
import { digestOf, key, startTrial } from './start-trial.ts'

const statusOf = (
  send: typeof get | typeof getSecurely,
  options: RequestOptions & { ca?: string; cert?: string; key?: string },
) =>
  new Promise<number | undefined>((resolve, reject) => {
    send({ agent: false, ...options }, (response: IncomingMessage) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })

describe('a unix socket', () => {
  it('has the mode of the configuration, serves, and is gone after close', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nightlatch-'))
    const socket = join(folder, 'gateway.sock')
    const trial = await startTrial({ config: { listen: [{ socket, mode: '0600' }] } })
    expect(trial.gateway.addresses[0]).toEqual({ listener: 'main', url: undefined, socket })
    expect((await stat(socket)).mode & 0o777).toBe(0o600)
    expect(await statusOf(get, { socketPath: socket, path: '/orders/a' })).toBe(200)
    await trial[Symbol.asyncDispose]()
    await expect(stat(socket)).rejects.toThrow()
    await rm(folder, { recursive: true })
  })
})

describe('a listener with TLS', () => {
  it('knows a caller by its certificate, and others by their keys', async () => {
    const authority = await createCertificateAuthority()
    const server = await authority.issueServer()
    const tls = { certificate: server.cert, key: server.key, clientAuthority: authority.cert }
    const ops = await authority.issueClient('caller', [{ type: 'url', value: 'spiffe://acme/ops' }])
    const urn = await authority.issueClient('caller', [{ type: 'url', value: 'urn:acme:robot' }])
    const other = await authority.issueClient('caller', [{ type: 'url', value: 'spiffe://acme/other' }])
    const tricky = await authority.issueClient('caller', [{ type: 'dns', value: 'x, URI:spiffe://acme/ops' }])
    const forged = await createSelfSigned({ names: [{ type: 'url', value: 'spiffe://acme/ops' }] })
    await using trial = await startTrial({
      config: {
        listen: [{ host: '127.0.0.1', port: 0, tls }],
        callers: {
          ops: { certificate: 'spiffe://acme/ops' },
          robot: { certificate: 'urn:acme:robot' },
          powerbi: { keys: [digestOf(key)] },
        },
      },
    })
    const { hostname, port } = new URL(trial.url)
    const send = (options: object): Promise<number | undefined> =>
      statusOf(getSecurely, { hostname, port, path: '/orders/a', ca: authority.cert, ...options })
    expect(await send({ cert: ops.cert, key: ops.key })).toBe(200)
    expect(await send({ cert: urn.cert, key: urn.key })).toBe(200)
    expect(await send({ headers: { authorization: `Bearer ${key}` } })).toBe(200)
    expect(await send({})).toBe(401)
    expect(await send({ cert: other.cert, key: other.key })).toBe(401)
    expect(await send({ cert: forged.cert, key: forged.key })).toBe(401)
    expect(await send({ cert: tricky.cert, key: tricky.key })).toBe(401)
    expect(trial.url).toMatch(/^https:/)
    await trial.gateway.close()
    expect(trial.audit.map(({ caller }) => caller)).toEqual(['ops', 'robot', 'powerbi', null, null, null, null])
  })
})

describe('a listener that everyone in the network can reach', () => {
  it.each([
    ['without TLS', { listen: [{ host: '0.0.0.0', port: 0 }], callers: { a: { keys: [digestOf(key)] } } }],
    ['without callers', { listen: [{ host: '0.0.0.0', port: 0, tls: { certificate: 'x', key: 'y' } }] }],
  ])('%s does not start', async (_name, config) => {
    await expect(startTrial({ config })).rejects.toMatchObject({ code: 'invalid_options' })
  })

  it('a port that is taken is an error that says so', async () => {
    await using trial = await startTrial()
    const port = Number(new URL(trial.url).port)
    await expect(startTrial({ config: { listen: [{ port }] } })).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining(`127.0.0.1:${port} (EADDRINUSE)`),
    })
  })
})
