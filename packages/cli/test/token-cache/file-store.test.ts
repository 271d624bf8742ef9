import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { testTokenStore } from '@nightlatch/testing'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { fileStore } from '../../src/token-cache/file-store.ts'

const root = mkdtempSync(join(tmpdir(), 'nightlatch-cache-'))
afterAll(() => rmSync(root, { recursive: true }))

const owner = { pid: process.pid, isRunning: () => true }
const key = randomBytes(32)

testTokenStore(() => fileStore({ folder: join(root, 'suite'), key, owner }), { describe, it, atomicDelete: false })

describe('fileStore', () => {
  let folder = ''
  beforeEach(() => {
    folder = join(root, crypto.randomUUID())
  })
  const token = (expiresAt = Date.now() + 60_000) => ({ expiresAt, value: 'MARKED-token' })
  const filesOf = (end: string): readonly string[] => readdirSync(folder).filter((name) => name.endsWith(end))

  it('keeps a token encrypted, in files that only the user can read', async () => {
    await fileStore({ folder, key, owner }).set('a', token())
    const [file = ''] = filesOf('')
    expect(filesOf('')).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.token$/)])
    expect(readFileSync(join(folder, file)).includes('MARKED')).toBe(false)
    if (process.platform !== 'win32') {
      expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
      expect(statSync(folder).mode & 0o777).toBe(0o700)
    }
  })

  it('S4: an entry of another name, of another key, or altered is a miss', async () => {
    const store = fileStore({ folder, key, owner })
    await store.set('a', token())
    const [file = ''] = filesOf('.token')
    const sealed = readFileSync(join(folder, file))
    await store.set('b', token())
    const other = filesOf('.token').find((name) => name !== file) ?? ''
    writeFileSync(join(folder, other), sealed)
    expect(await store.get('b')).toBeUndefined()
    expect(await store.get('a')).toBeDefined()
    expect(await fileStore({ folder, key: randomBytes(32), owner }).get('a')).toBeUndefined()
    for (const at of [0, 1, 14, sealed.length - 1]) {
      const altered = Buffer.from(sealed)
      altered[at] = (altered[at] ?? 0) ^ 1
      writeFileSync(join(folder, file), altered)
      expect(await store.get('a')).toBeUndefined()
    }
    writeFileSync(join(folder, file), '')
    expect(await store.get('a')).toBeUndefined()
  })

  it('removes what has expired, also what it cannot decrypt, and leftovers', async () => {
    let now = Date.now()
    const options = { folder, owner, now: () => now }
    await fileStore({ ...options, key: randomBytes(32) }).set('old', token(now + 1000))
    writeFileSync(join(folder, `${'0'.repeat(64)}.x.draft`), '')
    writeFileSync(join(folder, 'mine.txt'), '')
    now += 7_200_000
    await fileStore({ ...options, key }).set('new', token(now + 60_000))
    expect(filesOf('.token')).toHaveLength(1)
    expect(filesOf('.draft')).toEqual([])
    expect(filesOf('.txt')).toEqual(['mine.txt'])
  })

  describe('a lock', () => {
    const dead = { pid: 4242, isRunning: () => true }

    it('of a process that was killed is free at once', async () => {
      expect(await fileStore({ folder, key, owner: dead }).lock?.('a', { ttl: 600 })).toBeDefined()
      const running = fileStore({ folder, key, owner })
      expect(await running.lock?.('a', { ttl: 600 })).toBeUndefined()
      const after = fileStore({ folder, key, owner: { pid: process.pid, isRunning: (pid) => pid !== dead.pid } })
      const lock = await after.lock?.('a', { ttl: 600 })
      expect(lock).toBeDefined()
      expect(await running.lock?.('a', { ttl: 600 })).toBeUndefined()
      await lock?.release()
      expect(filesOf('')).toEqual([])
    })

    it('of another machine is held until it expires, whatever runs here', async () => {
      await fileStore({ folder, key, owner: dead }).lock?.('a', { ttl: 600 })
      const [file = ''] = filesOf('.lock')
      const text = readFileSync(join(folder, file), 'utf8').replace(hostname(), 'another-host')
      writeFileSync(join(folder, file), text)
      let now = Date.now()
      const store = fileStore({ folder, key, owner: { pid: 1, isRunning: () => false }, now: () => now })
      expect(await store.lock?.('a', { ttl: 600 })).toBeUndefined()
      now += 601_000
      expect(await store.lock?.('a', { ttl: 600 })).toBeDefined()
    })

    it('that is unreadable, or was dated by a wrong clock, is replaced', async () => {
      mkdirSync(folder)
      const store = fileStore({ folder, key, owner })
      await store.lock?.('a', { ttl: 600 })
      const [file = ''] = filesOf('.lock')
      for (const text of ['', '{}', `{"host":"${hostname()}","pid":1,"expiresAt":${Date.now() + 1e10}}`]) {
        writeFileSync(join(folder, file), text)
        expect(await store.lock?.('a', { ttl: 600 })).toBeDefined()
      }
    })
  })
})
