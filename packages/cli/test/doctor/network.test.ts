import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Prevu3dEmulator, prevu3dEmulation, startEmulator } from '@nightlatch/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCertificateAuthority } from '../../../testing/test/certificates.ts'
import { type ServerOptions, startCertifiedServer } from './certified-server.ts'
import { expectNothingSecret, prevu3dEnv, seeDoctor } from './see-doctor.ts'

let emulator: Prevu3dEmulator
const running: { close(): Promise<void> }[] = []
beforeEach(async () => {
  emulator = await startEmulator(prevu3dEmulation())
})
afterEach(() => Promise.all([emulator, ...running.splice(0)].map((server) => server.close())))

describe('the name of the host', () => {
  it('its addresses are told', async () => {
    const env = { ...prevu3dEnv(emulator), PREVU3D_CLOUD_API_URL: emulator.url.replace('127.0.0.1', 'localhost') }
    const { step } = await seeDoctor(['prevu3d'], { env })
    const { status, details } = step('name-resolution')
    expect(status).toBe('ok')
    expect(details.addresses.map(({ address }: { address: string }) => address).join()).toMatch(/127\.0\.0\.1|::1/)
  })

  it('an address needs no name', async () => {
    const { step } = await seeDoctor(['prevu3d'], { env: prevu3dEnv(emulator) })
    expect(step('name-resolution')).toMatchObject({ status: 'skipped', details: { host: '127.0.0.1' } })
  })

  it('a host that nobody knows: its name, and no token', async () => {
    const env = { ...prevu3dEnv(emulator), PREVU3D_CLOUD_API_URL: 'https://nowhere.invalid' }
    const { outcome, step, statuses, report } = await seeDoctor(['prevu3d', '--timeout', '30'], { env })
    expect(step('name-resolution')).toMatchObject({ status: 'failed', details: { host: 'nowhere.invalid' } })
    expect(step('name-resolution').details.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/)
    expect(statuses).toMatchObject({
      tls: 'skipped',
      clock: 'skipped',
      'token-request': 'failed',
      'token-response': 'skipped',
    })
    expect(step('token-request').details.failure.code).toBe('endpoint_unavailable')
    expect(report.tokenRequests).toBe(1)
    expectNothingSecret(outcome, emulator)
  })
})

describe('the certificate', () => {
  const start = async (options: ServerOptions = {}) => {
    const server = await startCertifiedServer(emulator.url, options)
    running.push(server)
    const env = { ...prevu3dEnv(emulator), PREVU3D_CLOUD_API_URL: server.url }
    return { server, env, flags: ['prevu3d', '--api-origin', new URL(emulator.apiUrl).origin] }
  }

  it('of an authority that is trusted, and everything behind it', async () => {
    const authority = await createCertificateAuthority()
    const { env, flags } = await start({ authority })
    const folder = await mkdtemp(join(tmpdir(), 'nightlatch-'))
    try {
      const file = join(folder, 'authority.pem')
      await writeFile(file, authority.cert)
      const surroundings = { env: { ...env, NODE_EXTRA_CA_CERTS: file }, isProcess: true }
      const { outcome, step, report } = await seeDoctor(flags, surroundings)
      expect(step('tls')).toMatchObject({
        status: 'ok',
        details: {
          problems: [],
          protocol: 'TLSv1.3',
          certificate: { subject: 'certified server', issuer: 'Nightlatch test authority' },
        },
      })
      expect({ exit: outcome.status, status: report.status }).toEqual({ exit: 0, status: 'ok' })
      expectNothingSecret(outcome, emulator)

      const old = await start({ authority, ends: -1, begins: -10 })
      const expired = await seeDoctor(old.flags, { env: { ...old.env, NODE_EXTRA_CA_CERTS: file }, isProcess: true })
      expect(expired.step('tls').details).toMatchObject({ problems: ['expired'], code: 'CERT_HAS_EXPIRED' })
      expect(expired.step('token-request').details.failure.message).toContain('CERT_HAS_EXPIRED')

      const other = await start({ authority, names: [{ type: 'dns', value: 'other.test' }] })
      const wrong = await seeDoctor(other.flags, { env: { ...other.env, NODE_EXTRA_CA_CERTS: file }, isProcess: true })
      expect(wrong.step('tls').details.problems).toEqual(['wrong-host'])
      expect(wrong.step('tls').saw.join()).toContain('other.test')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('that nobody vouches for: untrusted, and what to do; the token request says the same', async () => {
    const { env, flags } = await start()
    const { outcome, step, report } = await seeDoctor(flags, { env })
    expect(step('tls')).toMatchObject({
      status: 'failed',
      details: { problems: ['untrusted'], code: 'DEPTH_ZERO_SELF_SIGNED_CERT', certificate: { issuer: 'nobody else' } },
    })
    expect(report.whatToDo[0]).toContain('NODE_EXTRA_CA_CERTS')
    expect(step('token-request').details.failure.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(emulator.requests).toEqual([])
    expect(outcome.status).toBe(1)
  })

  it('has more than one problem at once', async () => {
    const { env, flags } = await start({ begins: -9, ends: -1, names: [{ type: 'dns', value: 'other.test' }] })
    const { step } = await seeDoctor(flags, { env })
    expect(step('tls').details.problems).toEqual(['expired', 'wrong-host'])
  })

  it('that begins later, and one that ends soon', async () => {
    const later = await start({ begins: 2 })
    expect((await seeDoctor(later.flags, { env: later.env })).step('tls').details.problems).toContain('not-yet-valid')
    const soon = await start({ ends: 3 })
    expect((await seeDoctor(soon.flags, { env: soon.env })).step('tls').saw.join()).toContain('less than 14 days')
  })

  it('is not looked for at plain http on this machine; plain http elsewhere is refused', async () => {
    expect((await seeDoctor(['prevu3d'], { env: prevu3dEnv(emulator) })).step('tls').status).toBe('skipped')
    const env = { ...prevu3dEnv(emulator), PREVU3D_CLOUD_API_URL: 'http://192.0.2.1' }
    const { statuses } = await seeDoctor(['prevu3d'], { env })
    expect(statuses).toMatchObject({ settings: 'failed', tls: 'failed', 'token-request': 'skipped' })
  })

  it('a closed port, and one that speaks no TLS', async () => {
    const port = await closedPort()
    const closed = { ...prevu3dEnv(emulator), PREVU3D_CLOUD_API_URL: `https://127.0.0.1:${port}` }
    const refused = (await seeDoctor(['prevu3d'], { env: closed })).step('tls')
    expect(refused.details.code).toBe('ECONNREFUSED')
    expect(refused.saw).toContain(`127.0.0.1:${port} refused the connection (ECONNREFUSED)`)
    const plain = { ...prevu3dEnv(emulator), PREVU3D_CLOUD_API_URL: emulator.url.replace('http:', 'https:') }
    const { step } = await seeDoctor(['prevu3d'], { env: plain })
    expect(step('tls')).toMatchObject({ status: 'failed' })
    expect(step('tls').saw.join()).toContain('does not use TLS')
    expect(step('tls').advice.join()).toContain('Check the port')
  })

  it('of a server that never says hello: --timeout ends the wait', async () => {
    const sockets = new Set<Socket>()
    const silent = createServer((socket) => void sockets.add(socket.on('error', () => undefined)))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    running.push({
      close: async () => {
        for (const socket of sockets) socket.destroy()
        await new Promise((resolve) => silent.close(resolve))
      },
    })
    const { port } = silent.address() as AddressInfo
    const env = { ...prevu3dEnv(emulator), PREVU3D_CLOUD_API_URL: `https://127.0.0.1:${port}` }
    const { step } = await seeDoctor(['prevu3d', '--timeout', '0.4'], { env })
    expect(step('tls').details.code).toBe('ETIMEDOUT')
    expect(step('token-request').details.failure.code).toBe('timed_out')
  })

  it('proxies of the environment are named by their host alone', async () => {
    const env = { ...prevu3dEnv(emulator), HTTPS_PROXY: 'http://user:marked-secret@proxy.test:8080' }
    const { outcome, step } = await seeDoctor(['prevu3d'], { env })
    expect(step('tls').details.proxies).toEqual([{ variable: 'HTTPS_PROXY', host: 'proxy.test:8080' }])
    expect(step('tls').saw.join()).toContain('NODE_USE_ENV_PROXY')
    expect(outcome.stdout).not.toContain('marked-secret')
  })

  it('a process that takes any certificate is warned about', async () => {
    const { env, flags } = await start()
    const { step } = await seeDoctor(flags, { env: { ...env, NODE_TLS_REJECT_UNAUTHORIZED: '0' } })
    expect(step('tls').saw.join()).toContain('NODE_TLS_REJECT_UNAUTHORIZED=0')
  })
})

describe('the clock', () => {
  const withSkew = async (seconds: number) => {
    await emulator.close()
    emulator = await startEmulator(prevu3dEmulation({ now: () => Date.now() + seconds * 1000 }))
    return seeDoctor(['prevu3d'], { env: prevu3dEnv(emulator) })
  }

  it('agrees', async () => {
    expect((await seeDoctor(['prevu3d'], { env: prevu3dEnv(emulator) })).step('clock').status).toBe('ok')
  })

  for (const [seconds, word] of [
    [600, 'ahead of'],
    [-600, 'behind'],
  ] as const) {
    it(`is ${seconds} s off: a warning that says so, and when it matters`, async () => {
      const { step, outcome } = await withSkew(seconds)
      const { status, details, saw, advice } = step('clock')
      expect(status).toBe('warning')
      expect(Math.abs(details.skewSeconds - seconds)).toBeLessThan(15)
      expect(saw.join()).toContain(word)
      expect(advice.join()).toMatch(/JWT authentication.*exp/)
      expect(outcome.status).toBe(0)
    })
  }

  it('an error has a Date, too; without one the step is skipped', async () => {
    emulator.faults.set('token', { name: 'error', status: 503 })
    expect((await seeDoctor(['prevu3d'], { env: prevu3dEnv(emulator) })).step('clock').status).toBe('ok')
    emulator.faults.set('token', { name: 'answer', answer: { status: 401, headers: { date: undefined } } })
    expect((await seeDoctor(['prevu3d'], { env: prevu3dEnv(emulator) })).step('clock').status).toBe('skipped')
  })
})

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}
