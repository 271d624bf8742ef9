import { chmod, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findCachePlace } from '../../src/token-cache/cache-place.ts'
import { nightlatch, type Outcome } from '../run-nightlatch.ts'
import { makeFolder } from '../temporary-folder.ts'
import { clientSecret, configurationOf, startTokenServer, type TokenServer } from '../token-server.ts'

interface User {
  readonly env: Readonly<Record<string, string>>
  readonly cache: string
  readonly keyFile: string
  run(...parameters: readonly string[]): Promise<Outcome>
  runWith(stdin: string, ...parameters: readonly string[]): Promise<Outcome>
}

/** A user with an empty home, and the client `acme` of a token server. */
async function prepare(server: TokenServer, more = "api: 'https://git.acme.example'"): Promise<User> {
  const home = await makeFolder()
  const file = join(home, 'nightlatch.config.mjs')
  await writeFile(file, configurationOf(server, more))
  const env = { HOME: home, XDG_CACHE_HOME: join(home, 'cache'), XDG_STATE_HOME: join(home, 'state') }
  const { folder, keyFile } = findCachePlace({ env })
  const runWith: User['runWith'] = async (stdin, ...parameters) => {
    const outcome = await nightlatch(['--config', file, ...parameters], { env, stdin })
    expect(`${outcome.stdout}${outcome.stderr}`.includes(clientSecret)).toBe(false)
    return outcome
  }
  return { env, cache: folder, keyFile, runWith, run: (...parameters) => runWith('', ...parameters) }
}

const header = ['token', 'acme', '--format', 'header'] as const

describe('--cache', () => {
  it('many runs cost one grant; without it, each costs one and nothing is written', async () => {
    const server = await startTokenServer()
    const { run, cache } = await prepare(server)
    await run(...header)
    await run(...header)
    await expect(readdir(cache)).rejects.toThrow('ENOENT')
    const first = await run(...header, '--cache')
    expect(first).toEqual({ status: 0, stdout: 'Authorization: Bearer MARKED-token-3\n', stderr: '' })
    for (let times = 0; times < 3; times += 1) expect(await run(...header, '--cache')).toEqual(first)
    expect(server.granted).toHaveLength(3)
    expect((await run('token', 'acme', '--cache')).stdout).toContain('token of acme')
    expect(server.granted).toHaveLength(3)
  })

  it('L3: a wrong secret gets no token of the right one', async () => {
    const server = await startTokenServer()
    const { run, env } = await prepare(server)
    await run(...header, '--cache')
    const file = join(env.HOME ?? '', 'other.config.mjs')
    await writeFile(file, configurationOf(server).replace(clientSecret, 'MARKED-wrong-secret'))
    const outcome = await nightlatch([...header, '--cache', '--config', file], { env })
    expect(outcome).toMatchObject({ status: 1, stdout: '' })
    expect(server.granted).toHaveLength(1)
  })

  it('--minimum-lifetime: a cached token that lives long enough is used; a new one that cannot is said to be short', async () => {
    const server = await startTokenServer({ lifetime: 300 })
    const { run } = await prepare(server)
    await run(...header, '--cache')
    expect((await run(...header, '--cache', '--minimum-lifetime', '60')).stdout).toContain('MARKED-token-1')
    // The core does not replace a token by another that lives no longer.
    const short = await run(...header, '--cache', '--minimum-lifetime', '3000')
    expect(short.stderr).toContain('the server issues none that lives 3000 s')
    expect(server.granted).toHaveLength(1)
  })

  it("git's erase drops the token that a server rejected, and no other", async () => {
    const server = await startTokenServer()
    const { runWith } = await prepare(server)
    const git = (operation: string, password = ''): Promise<Outcome> =>
      runWith(
        `protocol=https\nhost=git.acme.example\nusername=oauth2\n${password === '' ? '' : `password=${password}\n`}`,
        ...['token', 'acme', '--cache', '--format', 'git-credential', operation],
      )
    expect((await git('get')).stdout).toContain('password=MARKED-token-1')
    await git('erase', 'another-password')
    expect((await git('get')).stdout).toContain('password=MARKED-token-1')
    await git('erase', 'MARKED-token-1')
    expect((await git('get')).stdout).toContain('password=MARKED-token-2')
  })

  it('the key is in a file of its own that only the user can read; one that others can read is refused', async () => {
    const { run, cache, keyFile } = await prepare(await startTokenServer())
    await run(...header, '--cache')
    expect(keyFile.startsWith(cache)).toBe(false)
    if (process.platform === 'win32') return
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
    await chmod(keyFile, 0o644)
    const outcome = await run(...header, '--cache')
    expect(outcome).toMatchObject({ status: 2, stdout: '' })
    expect(outcome.stderr).toContain(`other users can read the key ${keyFile}`)
    expect(outcome.stderr).toContain('Run nightlatch cache clear')
  })

  it('is refused for a client that has a store, or whose tokens are bound to a new key in each run', async () => {
    const { run } = await prepare(await startTokenServer(), 'dpop: true')
    const outcome = await run(...header, '--cache')
    expect(outcome).toMatchObject({ status: 2, stdout: '' })
    expect(outcome.stderr).toContain('are bound to a new key in each run (DPoP)')
  })
})

describe('nightlatch cache clear', () => {
  it('removes tokens and key, and no file of others', async () => {
    const server = await startTokenServer()
    const { run, cache, keyFile } = await prepare(server)
    await run(...header, '--cache')
    await writeFile(join(cache, 'mine.txt'), '')
    expect((await run('cache', 'clear')).stdout).toContain(`removed 1 token from ${cache}`)
    expect(await readdir(cache)).toEqual(['mine.txt'])
    await expect(stat(keyFile)).rejects.toThrow('ENOENT')
    await run(...header, '--cache')
    expect(server.granted).toHaveLength(2)
  })

  it('succeeds where there is nothing, and prints one document with --json', async () => {
    const { run, cache } = await prepare(await startTokenServer())
    const { status, stdout } = await run('cache', 'clear', '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ tokens: 0, folder: cache })
    expect(await run('cache', 'empty')).toMatchObject({ status: 2, stdout: '' })
  })
})

describe('findCachePlace', () => {
  it('uses the folders of each operating system', () => {
    const env = { HOME: '/home/ana', LOCALAPPDATA: 'C:\\Users\\ana\\AppData\\Local' }
    expect(findCachePlace({ env }, 'linux')).toEqual({
      folder: '/home/ana/.cache/nightlatch',
      keyFile: '/home/ana/.local/state/nightlatch/tokens.key',
      compiled: '/home/ana/.cache/nightlatch/compiled',
    })
    expect(findCachePlace({ env }, 'darwin').folder).toBe('/home/ana/Library/Caches/nightlatch')
    expect(findCachePlace({ env }, 'win32').folder).toContain('Local')
  })
})
