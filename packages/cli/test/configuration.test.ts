import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prevu3d } from '@latchkey/prevu3d'
import { prevu3dEmulation, standardEmulation, startEmulator } from '@latchkey/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineConfig } from '../src/index.ts'
import { expectNoSecret, latchkey } from './run-latchkey.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-config-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function writeConfig(text: string, name = 'latchkey.config.mjs'): Promise<string> {
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
    const token = await latchkey(['--config', file, 'token', 'plant', '--json'])
    expect(token).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(token.stdout)).toMatchObject({ client: 'plant', provider: 'acme', type: 'Bearer' })
    expect(emulator.requests.at(-1)?.form.get('scope')).toBe('from-the-file')
    const told = await latchkey(['--config', file, 'token', 'plant'])
    expect(told.stdout).toContain('plant gave a token')
    const call = await latchkey(['call', 'plant', 'things', '--config', file])
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
    const outcome = await latchkey(['doctor', 'plant', '--config', file, '--json'])
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
    const bare = await latchkey(['doctor', 'bare', '--config', file])
    expect(bare.status).toBe(2)
    expect(bare.stderr).toContain('bare has no client secret')
    const sealed = await latchkey(['doctor', 'sealed', '--config', file])
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
    expect((await latchkey(['token', 'plant', '--config', file])).stderr).toMatch(/timeout/)
    expect((await latchkey(['token', 'plant', '--config', file, '--timeout', '1'])).status).toBe(1)
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
      'latchkey.config.ts',
    )
    const bin = join(import.meta.dirname, '../src/bin.ts')
    const stdout = await new Promise<string>((resolve, reject) => {
      const parameters = ['--conditions=source', bin, 'token', 'plant', '--json']
      execFile(process.execPath, parameters, { cwd: folder, timeout: 15_000 }, (error, out, err) =>
        error === null ? resolve(out) : reject(new Error(err)),
      )
    })
    expect(JSON.parse(stdout)).toMatchObject({ provider: 'acme' })
  })

  it.each([
    ['nothing by default', 'export const clients = {}', /must export by default/],
    ['clients that are none', 'export default { clients: 3 }', /must export by default/],
    ['a name that is taken', 'export default { clients: { prevu3d: {} } }', /clients\.prevu3d: this is the name/],
    ['a name that is no word', 'export default { clients: { "A b": {} } }', /clients\.A b: a name has/],
    ['no client', 'export default { clients: { plant: null } }', /clients\.plant must be an object/],
    [
      'no provider, no credentials',
      'export default { clients: { plant: {} } }',
      /clients\.plant\.credentials is missing/,
    ],
    ['a mistake of spelling', 'export default {', /cannot be read/],
    ['an error of its own', 'throw new Error("out of order")', /cannot be read: out of order/],
  ])('refuses %s', async (_what, text, says) => {
    const outcome = await latchkey(['token', 'plant', '--config', await writeConfig(text)])
    expect(outcome.status).toBe(2)
    expect(outcome.stderr).toMatch(says)
  })

  it('refuses flags that say what the file says, and names that nobody has', async () => {
    const readSecret = `const readSecret = () => 'x'; `
    const file = await writeConfig(
      `${readSecret}export default { clients: { plant: ${describeClient('http://127.0.0.1:9/token')} } }`,
    )
    const flag = await latchkey(['token', 'plant', '--config', file, '--client-id', 'x'])
    expect(flag).toMatchObject({ status: 2 })
    expect(flag.stderr).toContain('--client-id is no setting of plant')
    const nobody = await latchkey(['token', 'tower', '--config', file])
    expect(nobody.stderr).toContain('There are prevu3d, smart-completions, smart-api, plant.')
    const absent = await latchkey(['token', 'plant', '--config', join(folder, 'absent.mjs')])
    expect(absent).toMatchObject({ status: 2 })
    expect(absent.stderr).toContain('cannot be read')
  })
})

describe('latchkey providers', () => {
  it('lists providers with their settings, and clients of the file', async () => {
    const file = await writeConfig(
      `const readSecret = () => 'x'; export default { clients: { plant: ${describeClient('https://login.acme.example/token?tenant=secret')} } }`,
    )
    const { stdout, status } = await latchkey(['providers', '--config', file])
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
    const json = JSON.parse((await latchkey(['providers', '--config', file, '--json'])).stdout) as {
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
    expect(JSON.parse((await latchkey(['providers', '--json'])).stdout)).toMatchObject({ clients: [] })
  })
})
