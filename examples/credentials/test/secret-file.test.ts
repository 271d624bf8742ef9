import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ClientEvent, createClient } from '@nightlatch/core'
import { createClock, type StandardEmulator, standardEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { credentialsFromFile } from '../src/secret-file.ts'
import { createFolder, replaceFile, replaceLink } from './folder.ts'

/** A client that reads its secret from a file, at a server on a socket, an hour at a time. */
async function startAll(): Promise<{
  readonly emulator: StandardEmulator
  readonly path: string
  readonly events: ClientEvent[]
  readonly statuses: () => readonly string[]
  /** Calls the API with a new token: the one before has ended. */
  readonly call: () => Promise<number>
}> {
  const clock = createClock()
  const emulator = await startEmulator(standardEmulation({ now: clock.now }))
  const path = join(createFolder(), 'client-secret')
  await writeFile(path, `${emulator.credentials.clientSecret}\n`)
  const events: ClientEvent[] = []
  const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint, api: emulator.apiUrl }
  const credentials = credentialsFromFile(emulator.credentials.clientId, path)
  const client = createClient(acme, { credentials, now: clock.now, onEvent: (event) => events.push(event) })
  onTestFinished(async () => {
    await client.close()
    await emulator.close()
  })
  return {
    emulator,
    path,
    events,
    statuses: () =>
      events.map(({ type }) => type).filter((type) => /^(token\.granted|grant\.(retried|failed))$/.test(type)),
    async call() {
      clock.advance(3601)
      return (await client.fetch(`${emulator.apiUrl}/orders`)).status
    },
  }
}

describe('a secret in a file', () => {
  it('L8: that is replaced while the client runs heals within the call, without a restart', async () => {
    const { emulator, path, call, statuses } = await startAll()
    expect(await call()).toBe(200)
    await replaceFile(path, emulator.rotateSecret().clientSecret)
    expect(await call()).toBe(200)
    expect(await call()).toBe(200)
    // Refused once with the old secret; the new one is then remembered.
    expect(statuses()).toEqual(['token.granted', 'grant.retried', 'token.granted', 'token.granted'])
  })

  it('L8: no call fails through a rotation with an overlap, in whatever order', async () => {
    const { emulator, path, call, statuses } = await startAll()
    const old = emulator.credentials.clientSecret
    const answers: number[] = [await call()]
    const next = emulator.rotateSecret(undefined, { overlap: true }).clientSecret
    answers.push(await call())
    await replaceFile(path, next)
    answers.push(await call())
    emulator.rotateSecret(next)
    answers.push(await call(), await call())
    expect(answers).toEqual([200, 200, 200, 200, 200])
    expect(statuses()).not.toContain('grant.failed')
    expect(emulator.requests.filter(({ part }) => part === 'token')).toHaveLength(6)
    expect(old === next).toBe(false)
  })

  it('L8: that Kubernetes mounts: the link swapped under the file is followed', async () => {
    const { emulator, call } = await startAll()
    const { clientId } = emulator.credentials
    const folder = createFolder()
    const write = async (version: string): Promise<void> => {
      await mkdir(join(folder, version))
      await writeFile(join(folder, version, 'client-secret'), emulator.credentials.clientSecret)
    }
    await write('..2026_01')
    await symlink('..2026_01', join(folder, '..data'))
    await symlink(join('..data', 'client-secret'), join(folder, 'client-secret'))
    const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint }
    const credentials = credentialsFromFile(clientId, join(folder, 'client-secret'))
    await using client = createClient(acme, { credentials })
    const first = await client.token()
    emulator.rotateSecret()
    await write('..2026_02')
    await replaceLink(join(folder, '..data'), '..2026_02')
    expect((await client.token({ rejected: first })).type).toBe('Bearer')
    await expect(call()).rejects.toMatchObject({ code: 'grant_refused' })
  })

  it.each([
    ['is not there', undefined, 'ENOENT'],
    ['is empty', '', 'is empty'],
    ['holds nothing but a line break', '\n', 'is empty'],
  ])('says what is wrong where it %s, and is read again with the next call', async (_what, text, said) => {
    await using emulator = await startEmulator(standardEmulation())
    const path = join(createFolder(), 'client-secret')
    if (text !== undefined) await writeFile(path, text)
    const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint }
    const credentials = credentialsFromFile(emulator.credentials.clientId, path)
    await using client = createClient(acme, { credentials })
    await expect(client.token()).rejects.toThrow(said)
    await replaceFile(path, emulator.credentials.clientSecret)
    expect((await client.token()).type).toBe('Bearer')
  })

  it('that was half written is refused by the server, and heals once it is whole', async () => {
    const { emulator, path, call } = await startAll()
    expect(await call()).toBe(200)
    const { clientSecret } = emulator.rotateSecret()
    await writeFile(path, clientSecret.slice(0, 5))
    await expect(call()).rejects.toMatchObject({ code: 'grant_refused', error: 'invalid_client' })
    await writeFile(path, clientSecret)
    expect(await call()).toBe(200)
  })

  it('that vanished leaves the refusal to tell', async () => {
    const { emulator, call, path } = await startAll()
    expect(await call()).toBe(200)
    emulator.rotateSecret()
    await writeFile(path, '')
    await expect(call()).rejects.toMatchObject({ code: 'grant_refused', error: 'invalid_client' })
  })
})
