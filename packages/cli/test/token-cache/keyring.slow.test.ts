import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findCachePlace } from '../../src/token-cache/cache-place.ts'
import { isInstalled, runProgram } from '../programs/program.ts'
import type { Outcome } from '../run-nightlatch.ts'
import { makeFolder } from '../temporary-folder.ts'
import { configurationOf, startTokenServer } from '../token-server.ts'

// In a D-Bus session of its own, with an empty home: the tests leave the keyring of the user alone.
const isPresent =
  process.platform === 'linux' &&
  isInstalled('dbus-run-session', '--version') &&
  isInstalled('gnome-keyring-daemon', '--version') &&
  isInstalled('sh', '-c', 'command -v secret-tool')

const bin = join(import.meta.dirname, '../../src/bin.ts')
const command = `'${process.execPath}' --conditions=@nightlatch/source '${bin}' --config "$HOME/nightlatch.config.mjs"`
const token = `${command} token acme --cache --format header --timeout 60`
const lookup = 'secret-tool lookup service nightlatch account token-cache'
// The password is piped in; a daemon without it leaves the keyring locked.
const unlocked = 'printf secret | gnome-keyring-daemon --unlock --components=secrets > /dev/null'
const locked = 'gnome-keyring-daemon --start --components=secrets > /dev/null'

async function prepare(): Promise<{
  readonly server: Awaited<ReturnType<typeof startTokenServer>>
  readonly keyFile: string
  readonly folder: string
  readonly home: string
  /** Runs a script of a shell in a new session with this home. */
  session(script: string): Promise<Outcome>
}> {
  const server = await startTokenServer({ delay: 200 })
  const home = await makeFolder()
  await writeFile(join(home, 'nightlatch.config.mjs'), configurationOf(server))
  const runtime = join(home, 'runtime')
  await mkdir(runtime, { mode: 0o700 })
  const env = { HOME: home, XDG_RUNTIME_DIR: runtime }
  return {
    server,
    home,
    ...findCachePlace({ env }),
    session: (script) =>
      runProgram('dbus-run-session', ['--', 'sh', '-c', `{ ${script}\n} 2> "$HOME/stderr"`], { env }),
  }
}

const header = 'Authorization: Bearer MARKED-token-1\n'

describe.skipIf(!isPresent)('the keyring of GNOME, by the real secret-tool', { timeout: 300_000 }, () => {
  it('processes at once agree on one key in it, which a later session with the password reads', async () => {
    const { server, session, keyFile, folder } = await prepare()
    const outcome = await session(`${unlocked}; for run in 1 2 3; do ${token} & done; wait`)
    expect(outcome).toMatchObject({ status: 0, stdout: header.repeat(3) })
    await expect(stat(keyFile)).rejects.toThrow('ENOENT')
    expect((await readdir(folder)).filter((name) => name.endsWith('.token'))).toHaveLength(1)
    expect((await session(`${unlocked}; ${token}; ${lookup} | wc -c`)).stdout).toBe(`${header}64\n`)
    expect(server.granted).toHaveLength(1)
  })

  it('a copy of the home folder does not hold the key', async () => {
    const { session, home } = await prepare()
    const { stdout } = await session(`${unlocked}; ${token} > /dev/null; ${lookup}`)
    // Compared outside of `expect`, which would print the key.
    expect(/^[0-9a-f]{64}$/.test(stdout)).toBe(true)
    const files = (await readdir(home, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    const copies = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name))))
    const names = files.map(({ name }) => name)
    expect(names).toContain('login.keyring')
    expect(copies.some((copy) => copy.includes(stdout) || copy.includes(Buffer.from(stdout, 'hex')))).toBe(false)
  })

  it('cache clear removes the key from it', async () => {
    const { server, session } = await prepare()
    const script = `${unlocked}; ${token}; ${command} cache clear --json > /dev/null; ${lookup} | wc -c; ${token}`
    expect((await session(script)).stdout).toBe(`${header}0\n${header.replace('-1', '-2')}`)
    expect(server.granted).toHaveLength(2)
  })

  it.each([
    ['is locked and has nobody to ask', locked],
    ['is in no session', 'unset DBUS_SESSION_BUS_ADDRESS'],
  ])('one that %s: the key file is used, also when the keyring is back', async (_, start) => {
    const { server, session, keyFile } = await prepare()
    expect((await session(`${start}; ${token}`)).stdout).toBe(header)
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
    expect((await session(`${unlocked}; ${token}; ${lookup} | wc -c`)).stdout).toBe(`${header}0\n`)
    expect(server.granted).toHaveLength(1)
  })
})
