import { describe, expect, it } from 'vitest'
import { InFlightRequests } from '../../src/platform/in-flight-requests.ts'

describe('requests in flight', () => {
  it('count from their start until their response, also several to one address', async () => {
    const inFlight = new InFlightRequests()
    const answers: ((response: Response) => void)[] = []
    const send = inFlight.watch(() => new Promise((resolve) => answers.push(resolve)))
    const address = 'https://login.acme.example/token'
    expect(inFlight.has(address)).toBe(false)
    const [first, second] = [send(address), send(new Request(address))]
    expect(inFlight.has(address)).toBe(true)
    answers[0]?.(new Response())
    await first
    expect(inFlight.has(address)).toBe(true)
    expect(inFlight.has('https://login.acme.example/other')).toBe(false)
    answers[1]?.(new Response())
    await second
    expect(inFlight.has(address)).toBe(false)
  })

  it('no longer count when they have failed', async () => {
    const inFlight = new InFlightRequests()
    const send = inFlight.watch(() => Promise.reject(new TypeError('no route')))
    await expect(send('https://login.acme.example/token')).rejects.toThrow('no route')
    expect(inFlight.has('https://login.acme.example/token')).toBe(false)
  })
})
