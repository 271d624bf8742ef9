import { afterEach, describe, expect, it, vi } from 'vitest'
import { isCloudflareWorkers, loadWaitUntil } from '../../src/platform/cloudflare-workers.ts'

const platform = 'cloudflare:workers'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.doUnmock(platform)
})

describe('Cloudflare Workers', () => {
  it('are recognised by their user agent only', () => {
    expect(isCloudflareWorkers()).toBe(false)
    vi.stubGlobal('navigator', undefined)
    expect(isCloudflareWorkers()).toBe(false)
    vi.stubGlobal('navigator', {})
    expect(isCloudflareWorkers()).toBe(false)
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    expect(isCloudflareWorkers()).toBe(true)
  })

  it('L13: without waitUntil, the work is left as it is', async () => {
    const waitUntil = await loadWaitUntil()
    const failing = Promise.reject(new Error('no'))
    waitUntil(failing)
    await expect(failing).rejects.toThrow('no')
  })

  it('L13: the platform gets the work, but never its failure', async () => {
    const given: Promise<unknown>[] = []
    vi.doMock(platform, () => ({ waitUntil: (work: Promise<unknown>) => void given.push(work) }))
    const waitUntil = await loadWaitUntil()
    waitUntil(Promise.resolve('done'))
    waitUntil(Promise.reject(new Error('no')))
    expect(await Promise.all(given)).toEqual(['done', undefined])
  })

  it.each<[string, () => object]>([
    ['that is too old to keep a request alive', () => ({ waitUntil: undefined })],
    [
      'whose request is over',
      () => ({
        waitUntil: () => {
          throw new Error('no request')
        },
      }),
    ],
  ])('L13: a platform %s fails nothing', async (_, offers) => {
    vi.doMock(platform, offers)
    const waitUntil = await loadWaitUntil()
    expect(() => waitUntil(Promise.resolve())).not.toThrow()
  })
})
