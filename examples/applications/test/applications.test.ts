import 'reflect-metadata'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { createClient, createClientPool } from '@nightlatch/core'
import { prevu3d } from '@nightlatch/prevu3d'
import {
  type Prevu3dEmulator,
  prevu3dEmulation,
  smartCompletionsEmulation,
  standardEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { NextRequest } from 'next/server.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { buildService } from '../src/fastify-service.ts'
import { NightlatchModule } from '../src/nestjs-module.ts'
import { type Outcome, syncTenants } from '../src/sync-job.ts'

const names = ['North Division', 'South Division']

function connect({ url, credentials }: Prevu3dEmulator) {
  return createClient(prevu3d({ cloudApiUrl: url }), { credentials, timeout: 30 })
}

const grantsOf = ({ requests }: Pick<Prevu3dEmulator, 'requests'>): number =>
  requests.filter(({ part }) => part === 'token').length

afterEach(() => {
  vi.unstubAllEnvs()
  vi.resetModules()
})

describe('applications', () => {
  it('the first file of the documentation prints a token without its secret, and a response', async () => {
    const file = join(import.meta.dirname, '../src/first-token.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@nightlatch/source', file], {
      timeout: 60_000,
    })
    expect(stdout).toContain("value: '[redacted]'")
    expect(stdout).toContain("path: '/api/orders/1'")
    expect(stdout).toContain('authorized: true')
  })

  it('a script prints the divisions, and ends', async () => {
    await using emulator = await startEmulator(prevu3dEmulation())
    const script = join(import.meta.dirname, '../src/script.ts')
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@nightlatch/source', script],
      {
        timeout: 60_000,
        env: {
          PREVU3D_CLIENT_ID: emulator.credentials.clientId,
          PREVU3D_CLIENT_SECRET: emulator.credentials.clientSecret,
          PREVU3D_CLOUD_API_URL: emulator.url,
        },
      },
    )
    expect(stdout.trim().split('\n')).toEqual(names)
    expect(stderr).toBe('')
  })

  it('a Fastify service answers many with one token, and says what is wrong without a secret', async () => {
    await using emulator = await startEmulator(prevu3dEmulation())
    const service = buildService(connect(emulator))
    const url = await service.listen({ host: '127.0.0.1', port: 0 })
    try {
      const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/divisions`)))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      expect(await answers[0]?.json()).toMatchObject(names.map((name) => ({ name })))
      expect(await (await fetch(`${url}/ready`)).json()).toEqual({ ready: true })
      expect(grantsOf(emulator)).toBe(1)
      emulator.faults.set('api', { name: 'answer', answer: { status: 403 } })
      expect((await fetch(`${url}/divisions`)).status).toBe(502)
    } finally {
      await service.close()
    }
    const refused = buildService(
      createClient(prevu3d({ cloudApiUrl: emulator.url }), {
        credentials: { ...emulator.credentials, clientSecret: 'marked-secret-Zq7' },
      }),
    )
    const answer = await refused.inject('/divisions')
    expect(answer.statusCode).toBe(502)
    expect(answer.json()).toEqual({ error: 'grant_refused' })
    await refused.close()
  })

  it('an Express service answers with data, and with the code of what failed', async () => {
    // In a process of its own: with Vitest's conditions, `require` in Express finds an ES module.
    const file = join(import.meta.dirname, 'run-express.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@nightlatch/source', file], {
      timeout: 60_000,
    })
    expect(JSON.parse(stdout)).toEqual([
      { status: 200, body: names.map((name) => expect.objectContaining({ name })) },
      { status: 502, body: { error: 'vendor' } },
      { status: 502, body: { error: 'grant_refused' } },
    ])
  })

  it('a NestJS module injects its client', async () => {
    await using emulator = await startEmulator(prevu3dEmulation())
    const application = await NestFactory.create(NightlatchModule.register(connect(emulator)), new FastifyAdapter(), {
      logger: false,
    })
    await application.listen(0, '127.0.0.1')
    try {
      const answer = await fetch(`${await application.getUrl()}/divisions`)
      expect(await answer.json()).toMatchObject(names.map((name) => ({ name })))
    } finally {
      await application.close()
    }
  })

  it('a Next.js route handler answers with data, or with what failed', async () => {
    await using emulator = await startEmulator(smartCompletionsEmulation())
    vi.stubEnv('HEXAGON_HOST', emulator.host)
    vi.stubEnv('HEXAGON_AUTHORIZATION_SERVER', emulator.authorizationServer)
    vi.stubEnv('HEXAGON_CLIENT_ID', emulator.credentials.clientId)
    vi.stubEnv('HEXAGON_CLIENT_SECRET', emulator.credentials.clientSecret)
    const { GET } = await import('../src/nextjs/app/api/projects/route.ts')
    const ask = (query: string) => GET(new NextRequest(`http://localhost:3000/api/projects${query}`))
    const answer = await ask('?top=2')
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ value: expect.any(Array) })
    expect(emulator.requests.at(-1)?.query.get('$top')).toBe('2')
    expect((await ask('?top=many')).status).toBe(400)
  })

  it('an AWS Lambda handler keeps its token between invocations, and answers in its own time', async () => {
    await using emulator = await startEmulator(prevu3dEmulation())
    vi.stubEnv('PREVU3D_CLOUD_API_URL', emulator.url)
    vi.stubEnv('PREVU3D_CLIENT_ID', emulator.credentials.clientId)
    vi.stubEnv('PREVU3D_CLIENT_SECRET', emulator.credentials.clientSecret)
    const { handler } = await import('../src/aws-lambda.ts')
    const invoke = (remaining = 60_000) => handler({} as never, { getRemainingTimeInMillis: () => remaining })
    const first = await invoke()
    expect(first.statusCode).toBe(200)
    expect(JSON.parse(first.body ?? '')).toMatchObject(names.map((name) => ({ name })))
    await invoke()
    expect(grantsOf(emulator)).toBe(1)
    emulator.faults.set('api', { name: 'slow', seconds: 2 })
    expect(await invoke(700)).toMatchObject({ statusCode: 504 })
  })

  it('a sync job goes on with the others when one tenant fails, and stops after an abort', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, apiUrl, credentials } = emulator
    emulator.faults.set('api', {
      name: 'answer',
      answer: ({ query }) => {
        const page = Number(query.get('page'))
        return { body: page < 3 ? { page, next: `orders?page=${page + 1}` } : { page } }
      },
    })
    await using pool = createClientPool(
      { name: 'acme', tokenEndpoint, api: apiUrl },
      {
        credentials: (tenant) =>
          tenant === 'lapsed' ? { clientId: tenant, clientSecret: 'marked-secret-Zq7' } : credentials,
      },
    )
    const tenants = ['north', 'south', 'lapsed', 'east']
    const written: unknown[] = []
    const write = async (tenant: string, page: unknown): Promise<void> => void written.push([tenant, page])
    const signal = new AbortController().signal
    const outcomes = await syncTenants(pool, { tenants, concurrency: 2, signal, write })
    expect(outcomes).toEqual<Outcome[]>([
      { tenant: 'north', pages: 3 },
      { tenant: 'south', pages: 3 },
      { tenant: 'lapsed', pages: 0, failure: 'grant_refused' },
      { tenant: 'east', pages: 3 },
    ])
    expect(written).toHaveLength(9)

    const stopping = new AbortController()
    const stopAfterOne = async (): Promise<void> => stopping.abort()
    const stopped = await syncTenants(pool, {
      tenants: ['north'],
      concurrency: 1,
      signal: stopping.signal,
      write: stopAfterOne,
    })
    expect(stopped).toEqual([{ tenant: 'north', pages: 1, failure: 'AbortError' }])
  })
})
