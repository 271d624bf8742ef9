import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCacheKey } from '../../src/token-cache/cache-key.ts'
import { type CachePlace, findCachePlace } from '../../src/token-cache/cache-place.ts'
import { findKeyring, type KeyringOptions, type SystemKeyring } from '../../src/token-cache/system-keyring.ts'
import { nightlatch } from '../run-nightlatch.ts'
import { makeFolder } from '../temporary-folder.ts'
import { clientSecret, configurationOf, startTokenServer } from '../token-server.ts'
import { type FakeKeyring, writeFakeKeyring } from './fake-keyring.ts'

// The programs here are scripts in place of the real ones. keyring.slow.test.ts uses the real secret-tool; nothing uses a real keychain of macOS.

const owner = { pid: process.pid, isRunning: () => true }

interface Machine {
  readonly place: CachePlace
  readonly fake: FakeKeyring
  readonly env: Readonly<Record<string, string>>
  keyring(options?: KeyringOptions): SystemKeyring | undefined
  /** The key as text, so that a failed assertion on its length shows none. */
  key(options?: KeyringOptions): Promise<string>
}

async function prepare(system: 'linux' | 'darwin', script?: string): Promise<Machine> {
  const root = await makeFolder()
  const fake = await writeFakeKeyring(root, system === 'linux' ? 'secret-tool' : 'security', script)
  const bus = system === 'linux' ? { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' } : {}
  const env = { HOME: join(root, 'home'), PATH: fake.path, MARKED_SECRET: 'in-the-environment', ...bus }
  const place = findCachePlace({ env })
  // A busy machine may need longer than the default to start a script.
  const keyring = (options?: KeyringOptions): SystemKeyring | undefined =>
    findKeyring({ env }, { system, timeout: 60_000, ...options })
  const key = async (options?: KeyringOptions): Promise<string> =>
    (await readCacheKey(place, keyring(options), owner)).toString('hex')
  return { place, fake, env, keyring, key }
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )

describe.skipIf(process.platform === 'win32').each(['linux', 'darwin'] as const)('the keyring of %s', (system) => {
  it('keeps the key, which is never in an argument; later runs read it, and no key file is written', async () => {
    const { place, fake, key } = await prepare(system)
    const first = await key()
    expect(/^[0-9a-f]{64}$/.test(first)).toBe(true)
    expect((await key()) === first).toBe(true)
    expect((await fake.entry()) === first).toBe(true)
    expect(await exists(place.keyFile)).toBe(false)
    expect(await readdir(place.folder)).toEqual([])
    const calls = await fake.calls()
    const [read, write] =
      system === 'linux'
        ? [
            'lookup service nightlatch account token-cache',
            'store --label=Nightlatch token cache service nightlatch account token-cache',
          ]
        : ['find-generic-password -s nightlatch -a token-cache -w', '-i']
    expect(calls.map(({ parameters }) => parameters)).toEqual([read, read, write, read, read])
    const command = 'add-generic-password -U -s nightlatch -a token-cache -l "Nightlatch token cache" -w KEY\n'
    expect((await fake.inputs()).replace(first, 'KEY')).toBe(system === 'linux' ? 'KEY' : command)
    expect(calls.some(({ parameters, env }) => `${parameters}${env}`.includes(first))).toBe(false)
    expect(calls.some(({ env }) => env.includes('MARKED_SECRET'))).toBe(false)
  })

  it('20 readers at once agree on one key', async () => {
    const { fake, key } = await prepare(system)
    const keys = await Promise.all(Array.from({ length: 20 }, () => key()))
    expect(new Set(keys).size).toBe(1)
    const writes = (await fake.calls()).filter(({ parameters }) => /^(store|-i)/.test(parameters))
    expect(writes).toHaveLength(1)
  })

  it('an entry that is no key is replaced', async () => {
    const { fake, key, place } = await prepare(system)
    await writeFile(join(fake.path.split(':')[0] ?? '', '..', 'entry'), 'not a key')
    expect((await key()) === (await fake.entry())).toBe(true)
    expect(await exists(place.keyFile)).toBe(false)
  })

  it.each([
    ['reports an error', 'echo "locked: MARKED" >&2; exit 1'],
    ['keeps nothing', system === 'linux' ? '[ "$1" = lookup ] && exit 1; exit 0' : '[ "$1" = -i ] && exit 0; exit 44'],
    ['is killed', 'kill -9 $$'],
  ])('that %s: the key file is used, and the program is not called again', async (_, script) => {
    const { place, fake, key } = await prepare(system, script)
    const first = await key()
    expect((await readFile(place.keyFile, 'hex')) === first).toBe(true)
    expect((await stat(place.keyFile)).mode & 0o777).toBe(0o600)
    const { length } = await fake.calls()
    expect((await key()) === first).toBe(true)
    expect(await fake.calls()).toHaveLength(length)
  })

  it.each([
    ['reads', 'exec sleep 600'],
    [
      'writes',
      system === 'linux' ? '[ "$1" = lookup ] && exit 1; exec sleep 600' : '[ "$1" = -i ] || exit 44; exec sleep 600',
    ],
  ])('that does not respond when it %s delays one run alone', async (_, script) => {
    const { place, fake, key } = await prepare(system, script)
    // Long enough for the script to answer the calls before.
    const first = await key({ timeout: 5000 })
    expect((await readFile(place.keyFile, 'hex')) === first).toBe(true)
    const { length } = await fake.calls()
    expect((await key()) === first).toBe(true)
    expect(await fake.calls()).toHaveLength(length)
  })

  it('a key file that exists is used without the keyring', async () => {
    const { place, fake, key } = await prepare(system)
    const kept = randomBytes(32)
    await mkdir(dirname(place.keyFile), { recursive: true })
    await writeFile(place.keyFile, kept, { mode: 0o600 })
    expect((await key()) === kept.toString('hex')).toBe(true)
    expect(await fake.calls()).toEqual([])
  })

  it('a cache folder that cannot be created is named', async () => {
    const { place, key } = await prepare(system)
    await mkdir(dirname(dirname(place.folder)), { recursive: true })
    await writeFile(dirname(place.folder), '')
    await expect(key()).rejects.toThrow(`--cache: ${place.folder} cannot be read or written (ENOTDIR)`)
  })

  it('remove() removes the entry', async () => {
    const { fake, key, keyring } = await prepare(system)
    await key()
    await keyring()?.remove()
    expect(await fake.entry()).toBeUndefined()
  })
})

describe.skipIf(process.platform === 'win32')('findKeyring', () => {
  it('finds none on Windows, without the program, or on Linux without a D-Bus session', async () => {
    const { env, keyring, fake } = await prepare('linux')
    expect(keyring()).toBeDefined()
    expect(keyring({ system: 'win32' })).toBeUndefined()
    expect(findKeyring({ env: { ...env, PATH: env.HOME ?? '' } }, { system: 'linux' })).toBeUndefined()
    expect(findKeyring({ env: { PATH: fake.path } }, { system: 'linux' })).toBeUndefined()
    expect(findKeyring({ env: { ...env, DBUS_SESSION_BUS_ADDRESS: '' } }, { system: 'linux' })).toBeUndefined()
  })

  it('finds the bus of systemd', async () => {
    const { env, place } = await prepare('linux')
    await mkdir(place.folder, { recursive: true })
    await writeFile(join(place.folder, 'bus'), '')
    const { DBUS_SESSION_BUS_ADDRESS: _, ...others } = env
    expect(findKeyring({ env: { ...others, XDG_RUNTIME_DIR: place.folder } }, { system: 'linux' })).toBeDefined()
  })

  it('ignores relative folders and those of dependencies in the search path', async () => {
    const folder = join(await makeFolder(), 'node_modules')
    await mkdir(folder)
    const { path } = await writeFakeKeyring(folder, 'security')
    const [bin = ''] = path.split(':')
    expect(findKeyring({ env: { PATH: `${bin}:.:` } }, { system: 'darwin' })).toBeUndefined()
  })
})

describe.skipIf(process.platform !== 'linux')('--cache with a keyring', () => {
  it('many runs cost one grant, the key is in no output, and cache clear removes its entry', async () => {
    const server = await startTokenServer()
    const { env, fake, place } = await prepare('linux')
    const file = join(dirname(env.HOME ?? ''), 'nightlatch.config.mjs')
    await writeFile(file, configurationOf(server))
    const parameters = ['--config', file, 'token', 'acme', '--cache', '--format', 'header']
    const outcomes = [await nightlatch(parameters, { env }), await nightlatch(parameters, { env })]
    const one = { status: 0, stdout: 'Authorization: Bearer MARKED-token-1\n', stderr: '' }
    expect(outcomes).toEqual([one, one])
    expect(await exists(place.keyFile)).toBe(false)
    expect((await fake.calls()).some(({ env }) => env.includes(clientSecret))).toBe(false)
    const cleared = await nightlatch(['cache', 'clear', '--json'], { env })
    expect(JSON.parse(cleared.stdout)).toEqual({ tokens: 1, folder: place.folder })
    expect(await fake.entry()).toBeUndefined()
    expect((await nightlatch(parameters, { env })).stdout).toContain('MARKED-token-2')
  })
})
