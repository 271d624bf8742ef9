import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prevu3d } from '@nightlatch/prevu3d'
import { prevu3dEmulation, standardEmulation, startEmulator } from '@nightlatch/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineConfig } from '../src/index.ts'
import { expectNoSecret, nightlatch, nightlatchProcess } from './run-nightlatch.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nightlatch-config-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function writeConfig(text: string, name = 'nightlatch.config.mjs'): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}

const describeClient = (tokenEndpoint: string, more = ''): string =>
  `{ provider: { name: 'acme', tokenEndpoint: '${tokenEndpoint}' ${more} }, credentials: () => ({ clientId: process.env.ACME_ID ?? 'test-client', clientSecret: readSecret() }) }`

describe('configuration file', () => {
  it('is typed, with providers of any discovery, and returned as it is', () => {
    const configuration = {
      clients: {
        plant: { provider: prevu3d(), credentials: { clientId: 'a', clientSecret: 'b' } },
        tower: {
          provider: { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' },
          credentials: async () => ({ clientId: 'a', clientSecret: 'b' }),
          scopes: ['read'],
        },
      },
    }
    expect(defineConfig(configuration)).toBe(configuration)
  })

  it('names clients that token and call talk to, and their secrets stay hidden', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, apiUrl, credentials } = emulator
    const file = await writeConfig(`
      const readSecret = () => ${JSON.stringify(credentials.clientSecret)}
      const clientId = ${JSON.stringify(credentials.clientId)}
      export default { clients: { plant: {
        provider: { name: 'acme', tokenEndpoint: '${tokenEndpoint}', api: '${apiUrl}' },
        credentials: () => ({ clientId, clientSecret: readSecret() }),
        scopes: ['from-the-file'],
      } } }`)
    const token = await nightlatch(['--config', file, 'token', 'plant', '--json'])
    expect(token).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(token.stdout)).toMatchObject({ client: 'plant', provider: 'acme', type: 'Bearer' })
    expect(emulator.requests.at(-1)?.form.get('scope')).toBe('from-the-file')
    const told = await nightlatch(['--config', file, 'token', 'plant'])
    expect(told.stdout).toContain('token of plant')
    const call = await nightlatch(['call', 'plant', 'things', '--config', file])
    expect(emulator.requests.at(-1)?.headers.get('authorization')).toMatch(/^Bearer /)
    for (const outcome of [token, told, call]) expectNoSecret(outcome, emulator)
  })

  it('names clients that doctor examines, with what is known of their provider', async () => {
    await using emulator = await startEmulator(prevu3dEmulation())
    const { clientId, clientSecret } = emulator.credentials
    const file = await writeConfig(`
      export default { clients: { plant: {
        provider: {
          name: 'prevu3d', tokenEndpoint: '${emulator.url}/oauth/token', apiOrigins: ['${new URL(emulator.url).origin}'],
          api: '${emulator.url}/anything',
        },
        credentials: { clientId: ${JSON.stringify(clientId)}, clientSecret: ${JSON.stringify(clientSecret)} },
      } } }`)
    const outcome = await nightlatch(['doctor', 'plant', '--config', file, '--json'])
    const report = JSON.parse(outcome.stdout) as { steps: { name: string; status: string }[] }
    expect(report.steps.find(({ name }) => name === 'settings')).toMatchObject({ status: 'ok' })
    expect(outcome.stdout).toContain(file)
    expectNoSecret(outcome, emulator)
  })

  it('doctor says what it cannot look at, and what of the credentials failed, without its words', async () => {
    const file = await writeConfig(`
      const provider = { name: 'acme', tokenEndpoint: 'http://127.0.0.1:9/token' }
      export default { clients: {
        bare: { provider, credentials: { clientId: 'a' } },
        sealed: { provider, credentials: () => { throw new TypeError('marked-secret-Zq7') } },
      } }`)
    const bare = await nightlatch(['doctor', 'bare', '--config', file])
    expect(bare.status).toBe(2)
    expect(bare.stderr).toContain('bare has no client secret')
    const sealed = await nightlatch(['doctor', 'sealed', '--config', file])
    expect(sealed.status).toBe(1)
    expect(sealed.stdout).toContain('the credentials function of sealed failed with TypeError')
    expect(`${sealed.stdout}${sealed.stderr}`).not.toContain('marked-secret')
  })

  it('the timeout is the typed one, or the one of the file', async () => {
    const file = await writeConfig(`
      export default { clients: { plant: {
        provider: { name: 'acme', tokenEndpoint: 'http://127.0.0.1:9/token' },
        credentials: { clientId: 'a', clientSecret: 'b' }, timeout: -1,
      } } }`)
    expect((await nightlatch(['token', 'plant', '--config', file])).stderr).toMatch(/timeout/)
    expect((await nightlatch(['token', 'plant', '--config', file, '--timeout', '1'])).status).toBe(1)
  })

  it('is found in the working directory, in TypeScript, too', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { clientId, clientSecret } = emulator.credentials
    const provider = `{ name: 'acme', tokenEndpoint: '${emulator.tokenEndpoint}' }`
    const credentials = `{ clientId: ${JSON.stringify(clientId)}, clientSecret: ${JSON.stringify(clientSecret)} }`
    await writeConfig(
      `type Clients = Record<string, unknown>
       const clients: Clients = { plant: { provider: ${provider}, credentials: ${credentials} } }
       export default { clients }`,
      'nightlatch.config.ts',
    )
    const bin = join(import.meta.dirname, '../src/bin.ts')
    const stdout = await new Promise<string>((resolve, reject) => {
      const parameters = ['--conditions=@nightlatch/source', bin, 'token', 'plant', '--json']
      execFile(process.execPath, parameters, { cwd: folder, timeout: 60_000 }, (error, out, err) =>
        error === null ? resolve(out) : reject(new Error(err)),
      )
    })
    expect(JSON.parse(stdout)).toMatchObject({ provider: 'acme' })
  })

  it.each([
    ['nothing by default', 'export const clients = {}', /must export by default/],
    ['clients that are none', 'export default { clients: 3 }', /must export by default/],
    ['a name that is taken', 'export default { clients: { prevu3d: {} } }', /clients\.prevu3d: this is the name/],
    ['a name that is no word', 'export default { clients: { "A b": {} } }', /clients\.A b: a name must consist of/],
    ['no client', 'export default { clients: { plant: null } }', /clients\.plant must be an object/],
    [
      'no provider, no credentials',
      'export default { clients: { plant: {} } }',
      /clients\.plant\.credentials is missing/,
    ],
    ['a mistake of spelling', 'export default {', /cannot be read/],
    ['an error of its own', 'throw new Error("out of order")', /cannot be read: out of order/],
  ])('refuses %s', async (_what, text, says) => {
    const outcome = await nightlatch(['token', 'plant', '--config', await writeConfig(text)])
    expect(outcome.status).toBe(2)
    expect(outcome.stderr).toMatch(says)
  })

  it('refuses flags that say what the file says, and names that nobody has', async () => {
    const readSecret = `const readSecret = () => 'x'; `
    const file = await writeConfig(
      `${readSecret}export default { clients: { plant: ${describeClient('http://127.0.0.1:9/token')} } }`,
    )
    const flag = await nightlatch(['token', 'plant', '--config', file, '--client-id', 'x'])
    expect(flag).toMatchObject({ status: 2 })
    expect(flag.stderr).toContain('--client-id is not a setting of plant')
    const nobody = await nightlatch(['token', 'tower', '--config', file])
    expect(nobody.stderr).toContain('Known names: prevu3d, smart-completions, smart-api, plant, and the vendors')
    const absent = await nightlatch(['token', 'plant', '--config', join(folder, 'absent.mjs')])
    expect(absent).toMatchObject({ status: 2 })
    expect(absent.stderr).toContain('cannot be read')
  })
})

describe('nightlatch providers', () => {
  it('lists providers with their settings, and clients of the file', async () => {
    const file = await writeConfig(
      `const readSecret = () => 'x'; export default { clients: { plant: ${describeClient('https://login.acme.example/token?tenant=secret')} } }`,
    )
    const { stdout, status } = await nightlatch(['providers', '--config', file])
    expect(status).toBe(0)
    for (const words of [
      'prevu3d',
      'PREVU3D_CLIENT_ID',
      '--host',
      'HEXAGON_CLIENT_SECRET',
      'plant',
      'https://login.acme.example/token',
    ]) {
      expect(stdout).toContain(words)
    }
    expect(stdout).not.toContain('tenant=secret')
    const json = JSON.parse((await nightlatch(['providers', '--config', file, '--json'])).stdout) as {
      providers: { name: string; settings: { flag: string; variable: string | null; need: string | null }[] }[]
      clients: unknown[]
    }
    expect(json.providers.map(({ name }) => name)).toEqual(['prevu3d', 'smart-completions', 'smart-api'])
    expect(json.providers[0]?.settings[0]).toMatchObject({ flag: '--client-id', need: 'needed' })
    expect(json.providers.map(({ settings }) => settings.find(({ flag }) => flag === '--client-secret-file'))).toEqual(
      ['PREVU3D', 'HEXAGON', 'HEXAGON'].map((vendor) =>
        expect.objectContaining({ variable: `${vendor}_CLIENT_SECRET`, need: 'needed' }),
      ),
    )
    expect(json.clients).toEqual([
      { name: 'plant', provider: 'acme', file, tokensFrom: 'https://login.acme.example/token' },
    ])
    expect(JSON.parse((await nightlatch(['providers', '--json'])).stdout)).toMatchObject({ clients: [] })
  })
})

interface Report {
  readonly steps: readonly { readonly name: string; readonly status: string }[]
  readonly tokenRequests: number
}

describe('a configured client', () => {
  it('X1: whose credentials are none is refused in the words of the library, without them', async () => {
    const file = await writeConfig(`
      const provider = { name: 'acme', tokenEndpoint: 'http://127.0.0.1:9/token' }
      export default { clients: {
        text: { provider, credentials: 'marked-secret-Zq7' },
        nothing: { provider, credentials: () => undefined },
        none: { provider, credentials: null },
        number: { provider, credentials: { clientId: 'a', clientSecret: 7 } },
        nobody: { provider: null, credentials: {} },
      } }`)
    const without = await writeConfig((await readFile(file, 'utf8')).replace(/nobody:.*/, ''), 'without.mjs')
    for (const command of ['token', 'doctor']) {
      for (const name of ['text', 'nothing', 'none', 'number']) {
        const { status, stdout, stderr } = await nightlatch([command, name, '--config', without])
        expect(status, `${command} ${name}`).not.toBe(0)
        expect(`${stdout}${stderr}`, `${command} ${name}`).toContain('credentials')
        expect(`${stdout}${stderr}`).not.toMatch(/marked-secret|Cannot|not a function|not iterable/)
      }
    }
    expect((await nightlatch(['providers', '--config', file])).stderr).toContain('clients.nobody.provider is missing')
  })

  it('doctor says which credential is missing, and to set it where it is', async () => {
    const file = await writeConfig(`
      export default { clients: { plant: {
        provider: { name: 'acme', tokenEndpoint: 'http://127.0.0.1:9/token' },
        credentials: { clientId: process.env.NOT_SET, clientSecret: process.env.NOT_SET },
      } } }`)
    const { stdout, status } = await nightlatch(['doctor', 'plant', '--config', file])
    expect(status).toBe(1)
    expect(stdout).toContain('clients.plant.credentials.clientId')
    expect(stdout).toContain('clients.plant.credentials.clientSecret')
    expect(stdout).not.toContain('--client-secret-file')
  })

  it('doctor does not wait for credentials longer than --timeout', async () => {
    const file = await writeConfig(`
      export default { clients: { plant: {
        provider: { name: 'acme', tokenEndpoint: 'http://127.0.0.1:9/token' },
        credentials: () => new Promise(() => {}),
      } } }`)
    const { stdout, status } = await nightlatch(['doctor', 'plant', '--config', file, '--timeout', '0.2'])
    expect(status).toBe(1)
    expect(stdout).toContain('the credentials function of plant did not return within 0.2 s')
  })

  it('doctor takes the options of the file, all of them', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { clientId, clientSecret } = emulator.credentials
    const file = await writeConfig(`
      const credentials = { clientId: ${JSON.stringify(clientId)}, clientSecret: ${JSON.stringify(clientSecret)} }
      export default { clients: {
        plain: {
          provider: { name: 'acme', tokenEndpoint: 'http://login.acme.example/token' }, credentials,
          allowInsecureRequests: true,
          fetch: (_url, init) => fetch('${emulator.tokenEndpoint}', init),
        },
        patient: { provider: { name: 'acme', tokenEndpoint: '${emulator.tokenEndpoint}' }, credentials, timeout: 500 },
        wrong: { provider: { name: 'acme', tokenEndpoint: '${emulator.tokenEndpoint}' }, credentials, scope: 'a' },
      } }`)
    const stepsOf = async (name: string): Promise<Record<string, string>> => {
      const { stdout } = await nightlatch(['doctor', name, '--config', file, '--json'])
      const { steps = [] } = JSON.parse(stdout) as Partial<Report>
      return Object.fromEntries(steps.map((step) => [step.name, step.status]))
    }
    expect(await stepsOf('plain')).toMatchObject({ settings: 'ok', 'token-request': 'ok' })
    expect(await stepsOf('patient')).toMatchObject({ settings: 'ok', 'token-request': 'ok' })
    expect(await stepsOf('wrong')).toMatchObject({ settings: 'failed', 'token-request': 'skipped' })
  })

  it('doctor asks for a token though the store of the file has one, and leaves that alone', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { clientId, clientSecret } = emulator.credentials
    const file = await writeConfig(`
      const refuse = async () => { throw new Error('the store was asked') }
      const store = { get: async () => { process.env.STORE_ASKED = 'yes' }, set: refuse, delete: refuse }
      export default { clients: { plant: {
        provider: { name: 'acme', tokenEndpoint: '${emulator.tokenEndpoint}' }, store,
        credentials: { clientId: ${JSON.stringify(clientId)}, clientSecret: ${JSON.stringify(clientSecret)} },
      } } }`)
    delete process.env.STORE_ASKED
    await nightlatch(['doctor', 'plant', '--config', file])
    expect(emulator.requests).toHaveLength(1)
    expect(process.env.STORE_ASKED).toBeUndefined()
  })

  it('doctor lets a server name the nonce of a proof that its tokens are bound by', async () => {
    const file = await writeConfig(`
      let asked = 0
      const answer = async () => {
        asked += 1
        const body = asked === 1
          ? { error: 'use_dpop_nonce' }
          : { access_token: 'bound-token', token_type: 'DPoP', expires_in: 60 }
        return Response.json(body, { status: asked === 1 ? 400 : 200, headers: { 'dpop-nonce': 'abc' } })
      }
      export default { clients: { plant: {
        provider: { name: 'acme', tokenEndpoint: 'http://127.0.0.1:9/token', dpop: true },
        credentials: { clientId: 'a', clientSecret: 'b-secret-of-a' },
        fetch: answer,
      } } }`)
    const { stdout } = await nightlatch(['doctor', 'plant', '--config', file, '--json'])
    const { steps, tokenRequests } = JSON.parse(stdout) as Report
    expect(tokenRequests).toBe(2)
    expect(steps.find(({ name }) => name === 'token-request')).toMatchObject({ status: 'ok' })
  })

  it('X1: its token leaves by no way, whichever header carries it', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { clientId, clientSecret } = emulator.credentials
    const file = await writeConfig(`
      const echo = async (url, init) => {
        if (String(url).endsWith('/echo')) return Response.json({ echo: new Headers(init.headers).get('x-token') })
        return fetch(url, init)
      }
      export default { clients: { plant: {
        provider: {
          name: 'acme', tokenEndpoint: '${emulator.tokenEndpoint}', api: '${emulator.apiUrl}',
          authorizeRequest: (headers, token) => headers.set('x-token', token.value),
        },
        credentials: { clientId: ${JSON.stringify(clientId)}, clientSecret: ${JSON.stringify(clientSecret)} },
        fetch: echo,
      } } }`)
    for (const path of [`${emulator.apiUrl}/echo`, 'echo']) {
      const call = await nightlatch(['call', 'plant', path, '--config', file])
      expect(call).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('[redacted]') })
      expectNoSecret(call, emulator)
    }
  })

  it('refuses a configuration file that throws a value that is not an Error, and quotes none that is no JSON', async () => {
    for (const text of ['throw null', 'throw "marked-secret-Zq7"', 'JSON.parse("marked-secret-Zq7")']) {
      const { status, stderr } = await nightlatch([
        'token',
        'plant',
        '--config',
        await writeConfig(text, `${text.length}.mjs`),
      ])
      expect(status).toBe(2)
      expect(stderr).toContain('cannot be read')
      expect(stderr).not.toMatch(/marked-secret|undefined|Cannot/)
    }
    const file = await writeConfig(`export default { clients: { plant: {
      provider: { name: 'acme', tokenEndpoint: 'http://127.0.0.1:9/token' },
      credentials: () => JSON.parse('marked-secret-Zq7'),
    } } }`)
    const { stderr } = await nightlatch(['token', 'plant', '--config', file])
    expect(stderr).toContain('is not valid JSON')
    expect(stderr).not.toContain('marked')
  })

  it('may be of a CommonJS file, one that a compiler made, too', async () => {
    for (const [name, head] of [
      ['a.cjs', 'module.exports = '],
      ['b.cjs', 'exports.__esModule = true; exports.default = '],
    ] as const) {
      const text = `${head}{ clients: { plant: { provider: { name: 'acme', issuer: 'https://login.acme.example' }, credentials: () => ({}) } } }`
      const { stdout } = await nightlatchProcess(['providers', '--config', await writeConfig(text, name)])
      expect(stdout).toContain('tokens from https://login.acme.example/')
    }
  })
})
