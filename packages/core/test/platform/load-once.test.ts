import { describe, expect, it, vi } from 'vitest'
import { loadOnce } from '../../src/platform/load-once.ts'

describe('loadOnce', () => {
  it('loads with the first call, and returns what was loaded from then on', async () => {
    const load = vi.fn(async () => ({}))
    const module = loadOnce(load)
    expect(module.loaded).toBeUndefined()
    expect(load).not.toHaveBeenCalled()
    const loaded = await module.load()
    expect(module.loaded).toBe(loaded)
  })

  it('L13: concurrent first calls wait for promises of their own, and get one result', async () => {
    const results = [Promise.withResolvers<object>(), Promise.withResolvers<object>()] as const
    const left = [...results]
    const module = loadOnce(() => left.shift()?.promise ?? Promise.reject(new Error('loaded a third time')))
    const loading = [module.load(), module.load()]
    results[1].resolve({ name: 'second' })
    expect(await loading[1]).toEqual({ name: 'second' })
    results[0].resolve({ name: 'first' })
    expect(await loading[0]).toBe(await loading[1])
    expect(module.loaded).toBe(await loading[0])
  })

  it('loads again after a failure', async () => {
    const load = vi.fn(async () => 7).mockRejectedValueOnce(new Error('the file is gone'))
    const module = loadOnce(load)
    await expect(module.load()).rejects.toThrow('the file is gone')
    expect(await module.load()).toBe(7)
  })
})
