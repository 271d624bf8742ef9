import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromFile } from '../src/index.ts'
import { failureOf, thrownBy } from './failure-of.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nightlatch-workload-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a file of the platform', () => {
  it('is read each time, without the line break at its end', async () => {
    const path = join(folder, 'token')
    const source = fromFile(path)
    await writeFile(path, 'one.one.one\n')
    expect(await source()).toBe('one.one.one')
    await writeFile(path, 'two.two.two')
    expect(await source()).toBe('two.two.two')
  })

  it('is followed as the kubelet replaces it: by a symbolic link to another folder', async () => {
    const mount = join(folder, 'mount')
    const publish = async (version: string): Promise<void> => {
      await mkdir(join(mount, `..${version}`), { recursive: true })
      await writeFile(join(mount, `..${version}`, 'keycloak'), `${version}.b.c`)
      await symlink(`..${version}`, join(mount, '..data_tmp'))
      await rename(join(mount, '..data_tmp'), join(mount, '..data'))
    }
    await publish('first')
    await symlink('..data/keycloak', join(mount, 'keycloak'))
    const source = fromFile(join(mount, 'keycloak'))
    expect(await source()).toBe('first.b.c')
    await publish('second')
    expect(await source()).toBe('second.b.c')
  })

  it('may be a file URL, or in an environment variable that is read each time', async () => {
    const path = join(folder, 'with space')
    await writeFile(path, 'a.b.c')
    expect(await fromFile(pathToFileURL(path))()).toBe('a.b.c')
    const environment: Record<string, string> = {}
    const source = fromFile({ variable: 'AZURE_FEDERATED_TOKEN_FILE', environment })
    const { code, message } = await failureOf(source())
    expect([code, message]).toEqual([
      'invalid_options',
      expect.stringContaining('AZURE_FEDERATED_TOKEN_FILE is not set'),
    ])
    environment.AZURE_FEDERATED_TOKEN_FILE = path
    expect(await source()).toBe('a.b.c')
  })

  it('that is missing is named by its path', async () => {
    const path = join(folder, 'missing')
    const failure = await failureOf(fromFile(path)())
    expect(failure).toMatchObject({ code: 'invalid_options', retryable: false })
    expect(failure.message).toContain(`${path} cannot be read (ENOENT)`)
  })

  it('that is a folder is named by its path', async () => {
    expect((await failureOf(fromFile(folder)())).message).toContain(`${folder} cannot be read (EISDIR)`)
  })

  it.each(['', 'half.of', 'MARKED secret'])(
    'X1: that holds no JWT is not shown, and worth another try: %j',
    async (text) => {
      const path = join(folder, 'half')
      await writeFile(path, text)
      const failure = await failureOf(fromFile(path)())
      expect(failure).toMatchObject({ code: 'invalid_options', retryable: true })
      expect(failure.message).toContain(`${path} holds no JWT`)
      expect(failure.message).not.toContain('MARKED')
    },
  )

  it('has a name with its path, and rejects what is no path', () => {
    expect(fromFile('/var/run/token').name).toBe('file /var/run/token')
    expect(fromFile({ variable: 'A' }).name).toBe('file in A')
    expect(thrownBy(() => fromFile('')).message).toContain('fromFile: the path must be a string')
    expect(thrownBy(() => fromFile(new URL('https://a.example'))).message).toContain('fromFile: the path')
    expect(thrownBy(() => fromFile({ variable: 'A', path: '/a' } as { variable: string })).message).toContain('`path`')
  })
})
