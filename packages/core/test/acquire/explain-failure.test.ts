import { describe, expect, it, vi } from 'vitest'
import { describeLateness, explainFailure } from '../../src/acquire/explain-failure.ts'
import type { Provider } from '../../src/acquire/provider.ts'
import { NightlatchError } from '../../src/errors.ts'

describe('describeLateness', () => {
  it.each([
    [10, 'within 10 s'],
    [20 / 3, 'within 6.667 s'],
    [0.05, 'within 0.05 s'],
  ])('G7: %d s are shown to the millisecond, without the query', (seconds, shown) => {
    const failure = describeLateness({ name: 'acme', tokenEndpoint: 'https://login.acme.test/token?key=x' }, seconds)
    expect(failure).toMatchObject({ code: 'timed_out', provider: 'acme', retryable: true })
    expect(failure.message).toBe(`acme: https://login.acme.test/token did not give a token ${shown}`)
  })
})

describe('explainFailure', () => {
  const failure = new NightlatchError('grant_refused', 'acme: no', {
    provider: 'acme',
    status: 401,
    error: 'invalid_client',
    errorDescription: 'unknown',
    retryAfter: 3,
    retryable: true,
  })
  const provider = (explain?: Provider['explain']): Provider => ({
    name: 'acme',
    tokenEndpoint: 'https://login.acme.test/token',
    ...(explain === undefined ? {} : { explain }),
  })

  it("P2: the provider's hints come with the failure, which stays what it was", () => {
    const explained = explainFailure(
      provider((given) => [given instanceof NightlatchError ? `about ${given.error}` : '', 'b', 'b']),
      failure,
    )
    expect(explained).toBeInstanceOf(NightlatchError)
    expect(explained).toMatchObject({ ...failure, hints: ['about invalid_client', 'b'] })
    expect(explained).toHaveProperty('stack', failure.stack)
    expect(explained).toHaveProperty('message', 'acme: no')
    expect(failure.hints).toEqual([])
  })

  it('P2: a provider that explains nothing changes nothing', () => {
    expect(explainFailure(provider(), failure)).toBe(failure)
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('oops')
      },
    ],
    ['returns undefined', () => undefined],
    ['returns null', () => null],
    ['returns a number', () => 17],
  ])('P2: an explain that %s does not stand in the place of the failure', (_, explain) => {
    const explained = explainFailure(provider(explain as () => readonly string[]), failure)
    expect(explained).toMatchObject({ code: 'grant_refused', status: 401, hints: [] })
  })

  it('P2: of what an explain returns the texts are hints', () => {
    const explain = (() => ['a', 17, null, 'b']) as unknown as () => readonly string[]
    expect(explainFailure(provider(explain), failure)).toHaveProperty('hints', ['a', 'b'])
  })

  it('P2: an explain that returns one text gives one hint, not one a letter', () => {
    const explained = explainFailure(provider((() => 'ask') as unknown as () => readonly string[]), failure)
    expect(explained).toHaveProperty('hints', expect.not.arrayContaining(['a']))
  })

  it('P2: what is no NightlatchError is not explained', () => {
    const explain = vi.fn(() => ['a'])
    const other = new RangeError('vault sealed')
    expect(explainFailure(provider(explain), other)).toBe(other)
    expect(explain).not.toHaveBeenCalled()
  })
})
