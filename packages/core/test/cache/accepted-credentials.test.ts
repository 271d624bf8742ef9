import { describe, expect, it } from 'vitest'
import { addAccepted, digestCredential, isAcceptedFor } from '../../src/cache/accepted-credentials.ts'

const day = 24 * 3_600_000
const keyOf = (secret: string) =>
  crypto.subtle.importKey('raw', new TextEncoder().encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])

describe('accepted credentials', () => {
  it('L3: a digest depends on the credential and on the store key, and shows neither', async () => {
    const one = await digestCredential(await keyOf('secret'), 'v1.a')
    expect(one).toMatch(/^[\w-]{43}$/)
    expect(await digestCredential(await keyOf('secret'), 'v1.a')).toBe(one)
    expect(await digestCredential(await keyOf('secret'), 'v1.b')).not.toBe(one)
    expect(await digestCredential(await keyOf('Secret'), 'v1.a')).not.toBe(one)
  })

  it('L3: an entry is for the last four credentials that were accepted, newest first', () => {
    let accepted = addAccepted(undefined, 'a', 1)
    for (const [index, digest] of ['b', 'c', 'd', 'e', 'c'].entries()) {
      accepted = addAccepted({ expiresAt: 0, accepted }, digest, index + 2)
    }
    expect(accepted).toEqual([
      { digest: 'c', at: 6 },
      { digest: 'e', at: 5 },
      { digest: 'd', at: 4 },
      { digest: 'b', at: 2 },
    ])
    const entry = { expiresAt: 0, accepted }
    expect(['a', 'b', 'c', 'd', 'e'].filter((digest) => isAcceptedFor(entry, digest))).toEqual(['b', 'c', 'd', 'e'])
  })

  it('L3: a credential that came out of use is carried on for less than a day', () => {
    const entry = { expiresAt: 0, accepted: addAccepted(undefined, 'old', 1000) }
    expect(addAccepted(entry, 'new', 999 + day)).toHaveLength(2)
    expect(addAccepted(entry, 'new', 1000 + day)).toEqual([{ digest: 'new', at: 1000 + day }])
    // An entry that nothing was written over is as good as its token.
    expect(isAcceptedFor(entry, 'old')).toBe(true)
  })

  it.each([
    undefined,
    null,
    'x',
    {},
    { digest: 'x', at: 1 },
    ['x'],
    [null],
    [{ digest: 'x' }],
    [{ digest: 1, at: 1 }],
    [{ at: 1 }],
    [{ digest: 'x', at: Number.NaN }],
  ])('S1, L3: an entry that says %j of its credentials is for none', (accepted) => {
    const entry = { expiresAt: 0, accepted }
    expect(isAcceptedFor(entry, 'x')).toBe(false)
    expect(addAccepted(entry, 'own', 1)).toEqual([{ digest: 'own', at: 1 }])
    for (const nothing of [undefined, null as unknown as undefined]) expect(isAcceptedFor(nothing, 'x')).toBe(false)
  })
})
