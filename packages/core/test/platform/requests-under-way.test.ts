import { describe, expect, it } from 'vitest'
import { RequestsUnderWay } from '../../src/platform/requests-under-way.ts'

describe('requests in flight', () => {
  it('count from their start until their response, also several to one address', async () => {
    const underWay = new RequestsUnderWay()
    const answers: ((response: Response) => void)[] = []
    const send = underWay.watch(() => new Promise((resolve) => answers.push(resolve)))
    const address = 'https://login.acme.example/token'
    expect(underWay.has(address)).toBe(false)
    const [first, second] = [send(address), send(new Request(address))]
    expect(underWay.has(address)).toBe(true)
    answers[0]?.(new Response())
    await first
    expect(underWay.has(address)).toBe(true)
    expect(underWay.has('https://login.acme.example/other')).toBe(false)
    answers[1]?.(new Response())
    await second
    expect(underWay.has(address)).toBe(false)
  })

  it('no longer count when they have failed', async () => {
    const underWay = new RequestsUnderWay()
    const send = underWay.watch(() => Promise.reject(new TypeError('no route')))
    await expect(send('https://login.acme.example/token')).rejects.toThrow('no route')
    expect(underWay.has('https://login.acme.example/token')).toBe(false)
  })
})
