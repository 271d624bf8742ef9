import { describe, expect, it } from 'vitest'
import { DpopProofs } from '../../src/acquire/dpop.ts'
import { type Exchange, OpenidGrants } from '../../src/acquire/openid-grants.ts'
import { findLeaks } from './printings.ts'

const endpoint = { url: new URL('https://login.acme.example/token'), issuer: undefined }
const answer = (): Response => Response.json({ access_token: 'token', token_type: 'Bearer' })

/** An exchange that notes what is done to it. */
function noting(name: string, notes: string[], send: () => Promise<Response> = async () => answer()): Exchange {
  return {
    prepare: async () => void notes.push(`${name} prepared`),
    async send() {
      notes.push(`${name} sent`)
      return await send()
    },
  }
}

describe('grants by openid-client', () => {
  it('prepare a request, and send it', async () => {
    const notes: string[] = []
    await new OpenidGrants().make(endpoint, noting('one', notes), undefined)
    expect(notes).toEqual(['one prepared', 'one sent'])
  })

  it('made at once are not taken for one another', async () => {
    const grants = new OpenidGrants()
    const notes: string[] = []
    const held = Promise.withResolvers<Response>()
    const first = grants.make(
      endpoint,
      noting('first', notes, () => held.promise),
      undefined,
    )
    await grants.make(endpoint, noting('second', notes), undefined)
    expect(notes).toEqual(['first prepared', 'second prepared', 'first sent', 'second sent'])
    held.resolve(answer())
    await first
  })

  it('go to where they are asked for, though another endpoint was asked before', async () => {
    const grants = new OpenidGrants()
    const notes: string[] = []
    for (const path of ['/a', '/b', '/a']) {
      await grants.make({ url: new URL(path, endpoint.url), issuer: undefined }, noting(path, notes), undefined)
    }
    expect(notes).toHaveLength(6)
  })

  it.each(['prepare', 'send'] as const)('fail with what the exchange fails with when it is to %s', async (step) => {
    const failure = new RangeError('the vault is shut')
    const exchange = { ...noting('one', []), [step]: () => Promise.reject(failure) }
    await expect(new OpenidGrants().make(endpoint, exchange, undefined)).rejects.toBe(failure)
  })

  it('X1: fail with openid-client’s judgement of an answer that is none, without the answer', async () => {
    const exchange = noting('one', [], async () => Response.json({ access_token: 7, token: 'MARKED' }))
    const failure: unknown = await new OpenidGrants()
      .make(endpoint, exchange, undefined)
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(TypeError)
    expect(String(failure)).toMatch(/^TypeError: openid-client: /)
    expect(findLeaks(failure, ['MARKED'])).toEqual([])
  })

  it('leave no timer behind', async () => {
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    await new OpenidGrants().make(endpoint, noting('one', []), undefined)
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout')).toHaveLength(before)
  })

  it('bring a proof of possession, and a second one with the nonce that was wanted', async () => {
    const dpop = new DpopProofs(undefined, Date.now)
    const proofs: (string | undefined)[] = []
    const exchange: Exchange = {
      prepare: async () => {},
      async send(proof) {
        proofs.push(proof)
        if (proofs.length > 1) return Response.json({ access_token: 'token', token_type: 'DPoP' })
        dpop.learn(endpoint.url, 'MARKED-nonce')
        return Response.json({ error: 'use_dpop_nonce' }, { status: 400 })
      },
    }
    await new OpenidGrants().make(endpoint, exchange, dpop)
    const nonces = proofs.map((proof) => JSON.parse(atob(proof?.split('.')[1] ?? '')).nonce)
    expect(nonces).toEqual([undefined, 'MARKED-nonce'])
  })
})
