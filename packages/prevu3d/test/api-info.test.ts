import { createClient } from '@nightlatch/core'
import { prevu3dEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { toBaseUrl } from '../src/api-info.ts'
import { prevu3d } from '../src/index.ts'

async function infoFrom(body: unknown, status = 200): Promise<unknown> {
  await using emulator = await startEmulator(prevu3dEmulation())
  emulator.faults.set('discovery', { name: 'answer', answer: { status, body } })
  return await createClient(prevu3d({ cloudApiUrl: emulator.url }), { credentials: emulator.credentials }).info()
}

const apiUrl = 'https://api-ue1.prevu3d.com/realityconnect-api'

describe('api-info', () => {
  it('reads documented members, and keeps undocumented ones', async () => {
    const answer = {
      user: { name: 'x' },
      organization: { id: '1', name: 'One', plan: 'big' },
      scopes: ['a'],
      apiUrl,
      more: true,
    }
    expect(await infoFrom(answer)).toEqual(answer)
  })

  it('accepts responses without optional members', async () => {
    expect(await infoFrom({ organization: { id: '1' }, apiUrl })).toEqual({
      user: {},
      organization: { id: '1', name: '' },
      scopes: [],
      apiUrl,
    })
  })

  it.each([
    [{ organization: { id: '1' } }, 'apiUrl'],
    [{ organization: { id: '' }, apiUrl }, 'organization.id'],
    [{ apiUrl }, 'organization'],
    [{ organization: { id: '1' }, apiUrl: 'soon' }, 'apiUrl'],
    [{ organization: { id: 1 }, scopes: 'all' }, 'organization.id, scopes, apiUrl'],
    ['<html>', 'the whole response'],
    ['', 'the whole response'],
  ])('names what is wrong with %o', async (body, path) => {
    await expect(infoFrom(body)).rejects.toMatchObject({ code: 'discovery_failed', status: 200, retryable: false })
    await expect(infoFrom(body)).rejects.toThrow(new RegExp(`: ${path}$`))
  })

  it.each([
    [500, true],
    [429, true],
    [404, false],
  ])('a %d fails discovery, retryable: %s', async (status, retryable) => {
    await expect(infoFrom({}, status)).rejects.toMatchObject({ code: 'discovery_failed', status, retryable })
  })

  it('removes slashes and the version from the end of the base URL', () => {
    expect(['', '/', '//', '/v1', '/v1/'].map((end) => toBaseUrl(`https://x.test/api${end}`))).toEqual(
      Array(5).fill('https://x.test/api'),
    )
    expect(toBaseUrl('https://x.test/apiv1')).toBe('https://x.test/apiv1')
  })
})
