import { describe, expect, it } from 'vitest'
import { publishedPackages } from '../../src/read-repository.ts'
import { runtimes } from '../../src/runtimes/runtimes.ts'
import { knownGaps, surprises } from '../../src/runtimes/verdict.ts'

const gaps = [{ runtime: 'Bun', package: 'undici', check: 'a request', why: 'Bun has its own' }]
const verdict = (runtime: string, problem?: string) => ({
  runtime,
  package: 'undici',
  results: [problem === undefined ? { name: 'a request' } : { name: 'a request', problem }],
})

describe('what nobody expected', () => {
  it('is a failure', () => {
    expect(surprises([verdict('Deno 2.9.6', 'refused')], gaps)).toEqual(['Deno 2.9.6, undici: a request: refused'])
  })

  it('is a gap that is none any more', () => {
    expect(surprises([verdict('Bun 1.5.0')], gaps)).toEqual([
      'Bun 1.5.0, undici: a request: it works, and is said not to',
    ])
  })

  it('may be known of one version alone', () => {
    const ofOne = gaps.map((gap) => ({ ...gap, runtime: 'Bun 1.4.5' }))
    expect(surprises([verdict('Bun 1.4.5', 'no compose')], ofOne)).toEqual([])
    expect(surprises([verdict('Bun 1.4.50', 'no compose')], ofOne)).toHaveLength(1)
  })

  it('is neither what works nor a gap that is known', () => {
    expect(surprises([verdict('Deno 2.9.6'), verdict('Bun 1.4.5', 'no compose')], gaps)).toEqual([])
  })
})

it('every known gap is one of a runtime and a package that there are', () => {
  const names = runtimes.flatMap(({ name, version }) => [name, `${name} ${version}`])
  const packages = publishedPackages().map(({ manifest }) => manifest.name)
  for (const gap of knownGaps) {
    expect(names).toContain(gap.runtime)
    expect(packages).toContain(gap.package)
  }
})
