import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prevu3dEmulation, smartCompletionsEmulation, startEmulator } from '@nightlatch/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { expectNoSecret, nightlatchProcess } from './run-nightlatch.ts'

const running: { close(): Promise<void> }[] = []
afterEach(() => Promise.all(running.splice(0).map((emulator) => emulator.close())))

it('the whole Prevu3D flow, pointed at another server by the documented variables alone', async () => {
  const emulator = await startEmulator(prevu3dEmulation({ region: 'an1' }))
  running.push(emulator)
  const env = {
    PREVU3D_CLIENT_ID: emulator.credentials.clientId,
    PREVU3D_CLIENT_SECRET: emulator.credentials.clientSecret,
    PREVU3D_CLOUD_API_URL: emulator.url,
  }
  const [token, called] = await Promise.all([
    nightlatchProcess(['token', 'prevu3d'], { env }),
    nightlatchProcess(['call', 'prevu3d', 'v1/nodes/{organization_id}/browse'], { env }),
  ])
  expect(token).toMatchObject({ status: 0, stderr: '' })
  expect(called).toMatchObject({ status: 0, stderr: '' })
  expect(JSON.parse(called.stdout)).toHaveLength(emulator.divisions.length)
  for (const outcome of [token, called]) expectNoSecret(outcome, emulator)

  emulator.rotateSecret()
  const refused = await nightlatchProcess(['token', 'prevu3d', '--json'], { env })
  expect(refused).toMatchObject({ status: 1, stderr: '' })
  expect(JSON.parse(refused.stdout).error.code).toBe('grant_refused')
})

it('Smart Completions, by the documented variables and the secret from stdin', async () => {
  const emulator = await startEmulator(smartCompletionsEmulation())
  running.push(emulator)
  const env = {
    HEXAGON_CLIENT_ID: emulator.credentials.clientId,
    HEXAGON_HOST: emulator.host,
    HEXAGON_TOKEN_ENDPOINT: `${emulator.authorizationServer}/v1/token`,
  }
  const parameters = ['call', 'smart-completions', 'Instances(2)/Projects', '--client-secret-file', '-']
  const outcome = await nightlatchProcess(parameters, { env, stdin: `${emulator.credentials.clientSecret}\n` })
  expect(outcome).toMatchObject({ status: 0, stderr: '' })
  expect(JSON.parse(outcome.stdout).value).toHaveLength(3)
  expectNoSecret(outcome, emulator)
})

it('ends though a configuration file holds a connection open', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nightlatch-bin-'))
  const file = join(folder, 'nightlatch.config.mjs')
  await writeFile(
    file,
    `import { createServer } from 'node:net'; createServer().listen(0); export default { clients: {} }`,
  )
  const { status, stdout } = await nightlatchProcess(['providers', '--json', '--config', file])
  await rm(folder, { recursive: true })
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ clients: [] })
})

it('ends by itself, with the exit status of what happened', async () => {
  const lines = [['demo'], ['--help'], ['token', 'prevu3d'], ['dance']]
  expect(await Promise.all(lines.map((line) => nightlatchProcess(line)))).toMatchObject([
    { status: 0, stderr: '' },
    { status: 0, stderr: '' },
    { status: 2, stdout: '' },
    { status: 2, stdout: '' },
  ])
})

describe('loads only what the command line needs', () => {
  const bin = join(import.meta.dirname, '../src/bin.ts')

  /** The modules that a program loads, from the folder of packages. */
  async function modulesOf(program: string, ...parameters: readonly string[]): Promise<readonly string[]> {
    const hook = `import { registerHooks } from 'node:module'; import { writeSync } from 'node:fs'
      registerHooks({ load(url, context, next) { writeSync(2, 'loads ' + url + '\\n'); return next(url, context) } })`
    const preload = `data:text/javascript,${encodeURIComponent(hook)}`
    const words = ['--conditions=@nightlatch/source', '--import', preload, program, ...parameters]
    const printed = await new Promise<string>((resolve) => {
      execFile(process.execPath, words, { env: {} }, (_error, _stdout, stderr) => resolve(stderr))
    })
    return [...printed.matchAll(/^loads .*\/packages\/(\S+)$/gm)].map(([, module = '']) => module)
  }

  it('--version: no other module', async () => {
    expect((await modulesOf(bin, '--version')).toSorted()).toEqual(['cli/package.json', 'cli/src/bin.ts'])
  })

  it('defineConfig: not the core', async () => {
    const loaded = await modulesOf(join(import.meta.dirname, '../src/index.ts'))
    expect(loaded).toContain('cli/src/configuration.ts')
    expect(loaded.filter((module) => !module.startsWith('cli/'))).toEqual([])
  })

  it('token: neither another command, nor the emulators, the providers that it does not use, or the cache', async () => {
    const loaded = await modulesOf(bin, 'token', 'prevu3d')
    expect(loaded).toContain('cli/src/commands/token.ts')
    const unneeded =
      /^(testing|hexagon|prevu3d|workload-identity)\/|^cli\/src\/(new-provider|doctor|token-cache)\/|commands\/(call|demo|new|completion|providers|cache)\.ts/
    expect(loaded.filter((module) => unneeded.test(module))).toEqual([])
  })
})

describe('on a Node that is too old', () => {
  const bin = join(import.meta.dirname, '../src/bin.ts')
  const runOn = (version: string): Promise<{ readonly status: number; readonly stderr: string }> => {
    const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
    const preload = `data:text/javascript,${encodeURIComponent(older)}`
    const parameters = ['--conditions=@nightlatch/source', '--import', preload, bin, '--version']
    return new Promise((resolve) => {
      execFile(process.execPath, parameters, { env: {} }, (error, _, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code), stderr }),
      )
    })
  }

  it('one sentence names the version that package.json asks for', async () => {
    const manifest = JSON.parse(await readFile(join(import.meta.dirname, '../package.json'), 'utf8'))
    const needed: string = manifest.engines.node.replace('>=', '')
    const [major = 0, minor = 0] = needed.split('.').map(Number)
    for (const version of ['18.20.8', '20.20.2', `${major}.${minor - 1}.9`]) {
      expect(await runOn(version)).toEqual({
        status: 2,
        stderr: `nightlatch requires Node ${needed} or newer; this is Node ${version}.\n`,
      })
    }
    for (const version of [`${needed}.0`, `${major}.${minor + 1}.0`, `${major + 1}.0.0`]) {
      expect(await runOn(version)).toEqual({ status: 0, stderr: '' })
    }
  })

  it('nothing that needs a newer one is loaded before', async () => {
    const source = await readFile(bin, 'utf8')
    const imports = [...source.matchAll(/^import (?!type ).* from '(.*?)'/gm)].map(([, from]) => from)
    expect(imports).toEqual(['../package.json'])
  })
})
