import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProcess, runProgram } from './run-program.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway-program-'))
})
afterAll(() => rm(folder, { recursive: true }))

const yaml = `
clients:
  towers:
    provider: { use: prevu3d }
    credentials: { clientId: robot, clientSecret: { file: secrets/towers } }
callers:
  powerbi: { keys: ["sha256:${'a'.repeat(64)}"] }
  edge: { keys: ["sha256:${'b'.repeat(64)}"] }
  idle: { keys: ["sha256:${'c'.repeat(64)}"] }
upstreams:
  towers: { client: towers, allow: [{ callers: [powerbi], methods: [GET, POST], paths: ["/v1/**"] }], authorize: [edge] }
tokens:
  towers: { callers: [powerbi] }
`

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const made = await mkdtemp(join(folder, 'case-'))
  await mkdir(join(made, 'secrets'))
  for (const [name, content] of Object.entries(files)) await writeFile(join(made, name), content)
  return made
}

describe('nightlatch-gateway check', () => {
  it('prints who may do what, and reads paths from the folder of the file', async () => {
    const where = await folderWith({ 'gateway.config.yaml': yaml, 'secrets/towers': 'hunter2\n' })
    const file = join(where, 'gateway.config.yaml')
    expect(await runProgram(['check', '--config', file], folder)).toEqual({
      status: 0,
      stderr: '',
      stdout: [
        'CALLER   ROUTE              METHODS   PATHS',
        'powerbi  /towers            GET,POST  /v1/**',
        'powerbi  /token/towers      POST',
        'edge     /authorize/towers  GET',
        'idle     (nothing)',
        '',
      ].join('\n'),
    })
    const { stdout } = await runProgram(['check', '--json'], where)
    expect(JSON.parse(stdout)).toMatchObject({
      file: 'gateway.config.yaml',
      access: [{ caller: 'powerbi', route: '/towers', methods: ['GET', 'POST'], paths: ['/v1/**'] }, {}, {}, {}],
    })
  })

  it('reads TypeScript, JavaScript and JSON, in order of precedence', async () => {
    const data = {
      clients: {
        towers: { provider: { use: 'prevu3d' }, credentials: { clientId: 'r', clientSecret: { env: 'S' } } },
      },
      upstreams: { json: { client: 'towers', allow: [{ callers: '*', methods: ['GET'], paths: ['/**'] }] } },
    }
    const module = (name: string): string =>
      `const name: string = '${name}'\nexport default { ...${JSON.stringify(data)}, upstreams: { [name]: ${JSON.stringify(data.upstreams.json)} } }`
    const where = await folderWith({
      'gateway.config.json': JSON.stringify(data),
      'gateway.config.mjs': module('js').replace(': string', ''),
    })
    const check = async (): Promise<string> => (await runProgram(['check'], where, { S: 'hunter2' })).stdout
    expect(await check()).toContain('/js ')
    await writeFile(join(where, 'gateway.config.ts'), module('ts'))
    // Vitest compiles TypeScript itself, so Node has to read this one.
    expect((await runProcess(['check'], where, { S: 'hunter2' })).stdout).toContain('/ts ')
    const named = await runProgram(['check', '--config', 'gateway.config.json'], where, { S: 'hunter2' })
    expect(named.stdout).toContain('/json ')
  })

  it('exits with 2 and names every mistake, on standard error or as JSON', async () => {
    const where = await folderWith({
      'gateway.config.yaml': yaml.replace('callers: [powerbi], methods', 'callers: [powerb], methods'),
    })
    const mistakes = [
      'upstreams.towers.allow[0].callers[0]: there is no caller `powerb`. Did you mean `powerbi`?',
      `clients.towers.credentials.clientSecret: the file ${where}/secrets/towers cannot be read (ENOENT). Paths are relative to the configuration file`,
    ]
    expect(await runProgram(['check'], where)).toEqual({
      status: 2,
      stdout: '',
      stderr: `nightlatch-gateway: gateway.config.yaml cannot be used\n  ${mistakes.join('\n  ')}\n`,
    })
    const { status, stdout } = await runProgram(['check', '--json'], where)
    expect({ status, ...JSON.parse(stdout) }).toEqual({
      status: 2,
      error: { code: 'invalid_configuration', message: 'gateway.config.yaml cannot be used', mistakes },
    })
  })

  it.each([
    ['gateway.config.yaml', 'clients:\n  a: 1\n  a: 2\n', 'line 3, column 3: this name is there twice'],
    ['gateway.config.yaml', 'clients: [hunter2\n', 'line 2, column 1: bad indent'],
    ['gateway.config.yaml', 'clients: !secret hunter2\n', 'line 1, column 10: tag resolve failed'],
    ['gateway.config.yaml', '- *hunter2\n', 'an alias of a value that is not there'],
    ['gateway.config.json', '{ "clients": hunter2 }', 'is not JSON'],
    ['gateway.config.json', '{ "clients": {}, "clients": {} }', 'line 1, column 18: this name is there twice'],
    ['gateway.config.mjs', 'export const a = 1', 'must export by default what defineGateway'],
    ['gateway.config.mjs', 'throw new Error("it failed")', 'it failed'],
  ])('says where %s is wrong, without its text (%j)', async (name, content, said) => {
    const { status, stdout, stderr } = await runProgram(['check'], await folderWith({ [name]: content }))
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain(said)
    expect(stderr).not.toContain('hunter2')
  })

  it('says which file it looked for', async () => {
    const { status, stderr } = await runProgram(['check'], await folderWith({}))
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr:
        'nightlatch-gateway: gateway.config cannot be used\n  There is no gateway.config.ts, .mts, .mjs, .js, .json, .yaml or .yml in the working directory. Write one, or name a file: nightlatch-gateway --config FILE\n',
    })
    const named = await runProgram(['--config', 'none.yaml'], folder)
    expect(named.status).toBe(2)
    expect(named.stderr).toContain('none.yaml cannot be found. Check the path after --config')
    const other = await runProgram(['check', '--config', 'gateway.toml'], await folderWith({ 'gateway.toml': '' }))
    expect(other.stderr).toContain(
      'gateway.toml cannot be read: its name must end in .ts, .mts, .mjs, .js, .json, .yaml, .yml',
    )
  })
})

describe('nightlatch-gateway key', () => {
  it('prints a new key and its digest', async () => {
    const { status, stdout, stderr } = await runProgram(['key', 'powerbi'], folder)
    const [key = '', digest, ...rest] = stdout.trimEnd().split('\n')
    expect({ status, rest }).toEqual({ status: 0, rest: [] })
    expect(key).toMatch(/^nlgw_[\w-]{43}$/)
    expect(digest).toBe(`sha256:${createHash('sha256').update(key).digest('hex')}`)
    expect(stderr).toContain('callers.powerbi.keys')
    const again = JSON.parse((await runProgram(['key', 'powerbi', '--json'], folder)).stdout)
    expect(again).toMatchObject({ name: 'powerbi', digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) })
    expect(again.key).not.toBe(key)
  })

  it.each([
    [['key'], 'key requires the name of a caller: nightlatch-gateway key NAME'],
    [['key', 'a:b'], 'the name of a caller must have at most 64 letters'],
    [['key', 'a', 'b'], 'key makes the key of one caller'],
  ])('with %j is wrong usage', async (parameters, said) => {
    const { status, stdout, stderr } = await runProgram(parameters, folder)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain(said)
  })
})

describe('nightlatch-gateway', () => {
  it('runs as a process, which exits with the status', async () => {
    expect(await runProcess(['--version'], folder)).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    })
    expect(await runProcess([], await folderWith({}))).toMatchObject({ status: 2, stdout: '' })
  })

  it('prints help and version', async () => {
    const help = await runProgram(['--help'], folder)
    expect(help).toMatchObject({ status: 0, stderr: '' })
    for (const word of ['check', 'key NAME', '--config FILE', '--json', '--version', 'SIGHUP']) {
      expect(help.stdout).toContain(word)
    }
    expect((await runProgram(['--version'], folder)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(JSON.parse((await runProgram(['--version', '--json'], folder)).stdout)).toEqual({
      version: expect.stringMatching(/^\d/),
    })
  })

  it.each([
    [['chek'], 'unknown command `chek`. Did you mean `check`?'],
    [['--confg', 'x'], 'unknown option `--confg`. Did you mean `--config`?'],
    [['--config'], '--config requires a file'],
    [['--json=yes'], '--json has no value'],
    [['check', 'more'], 'check takes no parameters'],
  ])('with %j is wrong usage', async (parameters, said) => {
    const { status, stderr } = await runProgram(parameters, folder)
    expect(status).toBe(2)
    expect(stderr).toContain(said)
    expect(stderr).toContain('nightlatch-gateway --help')
  })
})
