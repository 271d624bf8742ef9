import { afterEach, describe, expect, it, vi } from 'vitest'
import { isCloudflareWorkers, loadWaitUntil } from '../../src/acquire/cloudflare-workers.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('Cloudflare Workers', () => {
  it('are told by their user agent, and nothing else is taken for them', () => {
    expect(isCloudflareWorkers()).toBe(false)
    vi.stubGlobal('navigator', undefined)
    expect(isCloudflareWorkers()).toBe(false)
    vi.stubGlobal('navigator', {})
    expect(isCloudflareWorkers()).toBe(false)
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    expect(isCloudflareWorkers()).toBe(true)
  })

  it('L13: where nothing keeps a request alive, work is left as it is', async () => {
    const waitUntil = await loadWaitUntil()
    const failing = Promise.reject(new Error('no'))
    waitUntil(failing)
    await expect(failing).rejects.toThrow('no')
  })
})
