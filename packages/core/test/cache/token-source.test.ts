import { describe, expect, it } from 'vitest'
import { type AccessToken, createAccessToken } from '../../src/acquire/access-token.ts'
import type { GrantRequest } from '../../src/acquire/token-request.ts'
import { createTokenSource, type TokenSource } from '../../src/cache/token-source.ts'

const grantOf = (...scopes: readonly string[]): GrantRequest => ({ scopes, parameters: {} })

/** A token source over an authorization server that answers when told. */
function createBench({ lifetime = 3600 }: { lifetime?: number } = {}) {
  let now = 1_000_000
  let issued = 0
  const pending: { grant: GrantRequest; answer: () => AccessToken; refuse: (error: unknown) => void }[] = []
  const acquire = (grant: GrantRequest): Promise<AccessToken> =>
    new Promise((resolve, reject) => {
      pending.push({
        grant,
        answer() {
          issued += 1
          const token = createAccessToken({
            value: `token-${issued}-${grant.scopes.join('+')}`,
            type: 'Bearer',
            scopes: grant.scopes,
            expiresAt: new Date(now + lifetime * 1000),
            extra: {},
          })
          resolve(token)
          return token
        },
        refuse: reject,
      })
    })
  const source: TokenSource = createTokenSource({
    defaultGrant: grantOf('read'),
    acquire,
    shared: undefined,
    now: () => now,
  })
  return {
    source,
    pending,
    /** The grant asked for next, once it was. */
    async next() {
      for (let turn = 0; turn < 20 && pending.length === 0; turn += 1) await Promise.resolve()
      const grant = pending.shift()
      if (grant === undefined) throw new Error('nothing was asked for')
      return grant
    },
    advance(seconds: number) {
      now += seconds * 1000
    },
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

describe('token source', () => {
  it('L1: a fresh token is served without asking anybody', async () => {
    const { source, next, pending } = createBench()
    const first = source.token(undefined)
    ;(await next()).answer()
    const token = await first
    expect(await source.token(undefined)).toBe(token)
    expect(await source.token({})).toBe(token)
    expect(pending).toHaveLength(0)
  })

  it('L3: any number of callers share one grant', async () => {
    const { source, next, pending } = createBench()
    const waiting = Array.from({ length: 1000 }, () => source.token(undefined))
    ;(await next()).answer()
    const tokens = new Set(await Promise.all(waiting))
    expect(tokens.size).toBe(1)
    expect(pending).toHaveLength(0)
  })

  it('L3: other scopes are another identity, in whatever order the same scopes come', async () => {
    const { source, next, pending } = createBench()
    const one = source.token({ grant: grantOf('a', 'b') })
    const other = source.token({ grant: grantOf('b', 'a') })
    const different = source.token({ grant: grantOf('a b') })
    ;(await next()).answer()
    ;(await next()).answer()
    expect((await one).value).toBe((await other).value)
    expect((await different).value).not.toBe((await one).value)
    expect(pending).toHaveLength(0)
  })

  it('L3: of very many identities the one not used for longest goes first, the default one never', async () => {
    const { source, next, pending } = createBench()
    const fill = async (grant: GrantRequest | undefined): Promise<void> => {
      const token = source.token({ grant })
      await settle()
      if (pending.length > 0) (await next()).answer()
      await token
    }
    await fill(undefined)
    for (let tenant = 0; tenant < 1001; tenant += 1) await fill(grantOf(`tenant-${tenant}`))
    await source.token(undefined)
    await source.token({ grant: grantOf('tenant-1000') })
    expect(pending).toHaveLength(0)
    void source.token({ grant: grantOf('tenant-0') })
    ;(await next()).answer()
  })

  it("L4: one caller's abort leaves the others waiting", async () => {
    const { source, next } = createBench()
    const controller = new AbortController()
    const leaving = source.token({ signal: controller.signal })
    const staying = source.token(undefined)
    const grant = await next()
    controller.abort(new Error('I have to go'))
    await expect(leaving).rejects.toThrow('I have to go')
    const token = grant.answer()
    expect(await staying).toBe(token)
  })

  it('L4: an aborted caller gets its own reason, and asks for nothing', async () => {
    const { source, pending } = createBench()
    await expect(source.token({ signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone')
    await settle()
    expect(pending).toHaveLength(0)
  })

  it('L4: the token of an abandoned flight is kept for the next caller', async () => {
    const { source, next, pending } = createBench()
    const controller = new AbortController()
    const leaving = source.token({ signal: controller.signal })
    const grant = await next()
    controller.abort()
    await expect(leaving).rejects.toThrow()
    const token = grant.answer()
    await settle()
    expect(await source.token(undefined)).toBe(token)
    expect(pending).toHaveLength(0)
  })

  it('L4: a failed flight fails all its waiters together and is forgotten', async () => {
    const { source, next, pending } = createBench()
    const waiting = [source.token(undefined), source.token(undefined), source.token({})]
    ;(await next()).refuse(new Error('no'))
    const results = await Promise.allSettled(waiting)
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(pending).toHaveLength(0)
    const again = source.token(undefined)
    ;(await next()).answer()
    expect((await again).value).toBe('token-1-read')
  })

  it('L5: ten refusals of one token cost one grant', async () => {
    const { source, next, pending } = createBench()
    const first = source.token(undefined)
    ;(await next()).answer()
    const rejected = await first
    const waiting = Array.from({ length: 10 }, () => source.token({ rejected }))
    ;(await next()).answer()
    const tokens = new Set((await Promise.all(waiting)).map(({ value }) => value))
    expect([...tokens]).toEqual(['token-2-read'])
    expect(pending).toHaveLength(0)
  })

  it('L5: a refusal costs no grant where another token is there already', async () => {
    const { source, next, pending } = createBench()
    const first = source.token(undefined)
    ;(await next()).answer()
    const rejected = await first
    const second = source.token({ rejected })
    ;(await next()).answer()
    expect(await source.token({ rejected })).toBe(await second)
    expect(pending).toHaveLength(0)
  })

  it('L5: a refusal does not join a flight that began before it, and never makes two at once', async () => {
    const { source, next, pending, advance } = createBench()
    const first = source.token(undefined)
    ;(await next()).answer()
    const rejected = await first
    advance(3600)
    const earlier = source.token(undefined)
    const grant = await next()
    const later = source.token({ rejected })
    await settle()
    expect(pending).toHaveLength(0)
    grant.answer()
    expect((await earlier).value).toBe('token-2-read')
    ;(await next()).answer()
    expect((await later).value).toBe('token-3-read')
  })

  it('L12: purging while a grant is under way does not bring the purged token back', async () => {
    const { source, next, pending } = createBench()
    const before = source.token(undefined)
    const grant = await next()
    await source.forget()
    const after = source.token(undefined)
    grant.answer()
    expect((await before).value).toBe('token-1-read')
    ;(await next()).answer()
    expect((await after).value).toBe('token-2-read')
    expect((await source.token(undefined)).value).toBe('token-2-read')
    expect(pending).toHaveLength(0)
  })

  it('R3: a token of unknown lifetime is kept for a minute, not for a call and not for ever', async () => {
    const issuedAt = 1_000_000
    let now = issuedAt
    let grants = 0
    const source = createTokenSource({
      defaultGrant: grantOf(),
      acquire: async () => {
        grants += 1
        return createAccessToken({
          value: `t${grants}`,
          type: 'Bearer',
          scopes: undefined,
          expiresAt: undefined,
          extra: {},
        })
      },
      shared: undefined,
      now: () => now,
    })
    await source.token(undefined)
    now = issuedAt + 59_000
    await source.token(undefined)
    expect(grants).toBe(1)
    now = issuedAt + 61_000
    await source.token(undefined)
    expect(grants).toBe(2)
  })

  it.each([2, 60, 3600, 40 * 24 * 3600])(
    'L2: a token of %d s is used for half its life at least, and not to its end',
    async (lifetime) => {
      const { source, next, pending, advance } = createBench({ lifetime })
      const first = source.token(undefined)
      ;(await next()).answer()
      await first
      advance(lifetime / 2)
      await source.token(undefined)
      expect(pending).toHaveLength(0)
      advance(lifetime / 2)
      const second = source.token(undefined)
      ;(await next()).answer()
      expect((await second).value).toBe('token-2-read')
    },
  )
})
