import { mkdtemp, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createSelfSigned } from '../../testing/test/certificates.ts'
import { lines } from './send-raw.ts'
import { startTrial } from './start-trial.ts'

describe('reload', () => {
  it('drops no request, keeps the tokens of clients that stay, and uses the new rules', async () => {
    let requests = 0
    await using trial = await startTrial({
      api: (_request, response) => {
        requests += 1
        // Each request is in progress while another reload happens.
        setImmediate(() => response.end('ok'))
        return true
      },
    })
    let isDone = false
    const load = Array.from({ length: 8 }, async () => {
      const statuses: number[] = []
      while (!isDone) statuses.push((await fetch(`${trial.url}/orders/a`)).status)
      return statuses
    })
    for (let time = 0; time < 20; time += 1) {
      const before = requests
      await trial.gateway.reload({ ...trial.config, hosts: [`host-${time}.example`] })
      while (requests === before) await new Promise((resolve) => setImmediate(resolve))
    }
    isDone = true
    const statuses = (await Promise.all(load)).flat()
    expect(statuses.length).toBeGreaterThan(20)
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(trial.grants()).toBe(1)
    const upstreams = { orders: { client: 'orders', allow: [] } }
    await trial.gateway.reload({ ...trial.config, upstreams })
    expect((await fetch(`${trial.url}/orders/a`)).status).toBe(403)
  })

  it('lets a response that has begun go on with the old configuration', async () => {
    const begun = Promise.withResolvers<() => void>()
    await using trial = await startTrial({
      api: (_request, response) => {
        response.write('first ')
        begun.resolve(() => response.end('last'))
        return true
      },
    })
    const response = await fetch(`${trial.url}/orders/a`)
    const finish = await begun.promise
    await trial.gateway.reload({ ...trial.config, upstreams: {} })
    expect((await fetch(`${trial.url}/orders/a`)).status).toBe(404)
    finish()
    expect(await response.text()).toBe('first last')
  })

  it('refuses a wrong configuration, and the old one goes on', async () => {
    await using trial = await startTrial()
    await expect(trial.gateway.reload({ ...trial.config, wrong: 1 } as never)).rejects.toMatchObject({
      code: 'invalid_options',
    })
    const taken = { ...trial.config, listen: [{ port: Number(new URL(trial.adminUrl).port) }] }
    await expect(trial.gateway.reload(taken)).rejects.toMatchObject({ code: 'invalid_options' })
    expect((await fetch(`${trial.url}/orders/a`)).status).toBe(200)
    expect(trial.gateway.addresses[0]?.url).toBe(trial.url)
  })

  it('opens and closes listeners', async () => {
    await using trial = await startTrial()
    await trial.gateway.reload({ ...trial.config, listen: [{ port: 0 }, { host: 'localhost', port: 0 }] })
    const [first, second] = trial.gateway.addresses
    expect(first?.url).toBe(trial.url)
    expect((await fetch(`${second?.url}/orders/a`)).status).toBe(200)
    await trial.gateway.reload({ ...trial.config, listen: [{ host: 'localhost', port: 0 }] })
    await expect(fetch(`${trial.url}/orders/a`, { headers: { connection: 'close' } })).rejects.toThrow()
    expect((await fetch(`${second?.url}/orders/a`)).status).toBe(200)
  })

  it('changes the mode of a socket, which goes on listening', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nightlatch-'))
    const socket = join(folder, 'gateway.sock')
    await using trial = await startTrial({ config: { listen: [{ socket, mode: '0660' }] } })
    await trial.gateway.reload({ ...trial.config, listen: [{ socket, mode: '0600' }] })
    expect((await stat(socket)).mode & 0o777).toBe(0o600)
    await trial.gateway.close()
    await rm(folder, { recursive: true })
  })

  it('says that a port cannot be used in another way without a restart', async () => {
    const { key, cert } = await createSelfSigned({ names: [{ type: 'dns', value: 'localhost' }] })
    await using trial = await startTrial()
    const port = Number(new URL(trial.url).port)
    const listen = [{ port, tls: { certificate: cert, key } }]
    await expect(trial.gateway.reload({ ...trial.config, listen })).rejects.toThrow(
      `The gateway already listens on 127.0.0.1:${port} in another way`,
    )
    expect((await fetch(`${trial.url}/orders/a`)).status).toBe(200)
  })

  it('replaces a client that is configured in another way', async () => {
    await using trial = await startTrial()
    await fetch(`${trial.url}/orders/a`)
    const { orders } = trial.config.clients
    if (orders === undefined) throw new Error('no client')
    await trial.gateway.reload({
      ...trial.config,
      clients: { orders: { ...orders, parameters: { audience: 'other' } } },
    })
    await fetch(`${trial.url}/orders/a`)
    expect(trial.grants()).toBe(2)
  })
})

describe('close', () => {
  it('lets requests finish, refuses new connections, and ends idle ones', async () => {
    const begun = Promise.withResolvers<() => void>()
    await using trial = await startTrial({
      api: (_request, response) => {
        response.write('first ')
        begun.resolve(() => response.end('last'))
        return true
      },
    })
    const { hostname, port } = new URL(trial.url)
    const idle = connect({ host: hostname, port: Number(port) })
    const idleClosed = new Promise<void>((resolve) => idle.once('close', () => resolve()))
    await new Promise<void>((resolve) => idle.once('connect', () => resolve()))
    const response = await fetch(`${trial.url}/orders/a`)
    const finish = await begun.promise
    let isClosed = false
    const closing = trial.gateway.close().then(() => {
      isClosed = true
    })
    await idleClosed
    await expect(fetch(`${trial.url}/orders/b`)).rejects.toThrow()
    expect(isClosed).toBe(false)
    finish()
    expect(await response.text()).toBe('first last')
    await closing
    expect(trial.audit).toEqual([expect.objectContaining({ path: '/orders/a', status: 200, bytesOut: 10 })])
  })

  it('ends what does not finish in time', async () => {
    const begun = Promise.withResolvers<void>()
    await using trial = await startTrial({
      api: (_request, response) => {
        response.write('first ')
        begun.resolve()
        return true
      },
    })
    const response = await fetch(`${trial.url}/orders/a`)
    await begun.promise
    await trial.gateway.close({ timeout: 0.05 })
    await expect(response.text()).rejects.toThrow()
  })

  it('a thousand idle connections change nothing, and are closed', async () => {
    await using trial = await startTrial()
    const { hostname, port } = new URL(trial.url)
    let closed = 0
    const all = await Promise.all(
      Array.from({ length: 1000 }, async () => {
        const socket = connect({ host: hostname, port: Number(port) })
        socket.on('error', () => {})
        socket.on('close', () => {
          closed += 1
        })
        socket.write(lines('GET /orders/a HTTP/1.1', 'Host: 127.0.0.1').slice(0, 20))
        await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
        return socket
      }),
    )
    expect(all).toHaveLength(1000)
    expect((await fetch(`${trial.url}/orders/a`)).status).toBe(200)
    await trial.gateway.close({ timeout: 1 })
    while (closed < 1000) await new Promise((resolve) => setTimeout(resolve, 10))
  })
})
