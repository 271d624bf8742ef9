import { describe, expect, it } from 'vitest'
import { publishedPackages } from '../../src/read-repository.ts'
import { knownFailures, unexpectedResults } from '../../src/runtimes/known-failures.ts'
import { runtimes } from '../../src/runtimes/runtimes.ts'

const known = [{ runtime: 'Bun', package: 'undici', check: 'a request', why: 'Bun has its own' }]
const packageResult = (runtime: string, problem?: string) => ({
  runtime,
  package: 'undici',
  results: [problem === undefined ? { name: 'a request' } : { name: 'a request', problem }],
})

describe('an unexpected result', () => {
  it('is a failure', () => {
    expect(unexpectedResults([packageResult('Deno 2.9.6', 'refused')], known)).toEqual([
      'Deno 2.9.6, undici: a request: refused',
    ])
  })

  it('is a known failure that no longer fails', () => {
    expect(unexpectedResults([packageResult('Bun 1.5.0')], known)).toEqual([
      'Bun 1.5.0, undici: a request: it works, but is listed as a known failure',
    ])
  })

  it('can be known for one version only', () => {
    const ofOne = known.map((failure) => ({ ...failure, runtime: 'Bun 1.4.5' }))
    expect(unexpectedResults([packageResult('Bun 1.4.5', 'no compose')], ofOne)).toEqual([])
    expect(unexpectedResults([packageResult('Bun 1.4.50', 'no compose')], ofOne)).toHaveLength(1)
  })

  it('is neither a success nor a known failure', () => {
    expect(unexpectedResults([packageResult('Deno 2.9.6'), packageResult('Bun 1.4.5', 'no compose')], known)).toEqual(
      [],
    )
  })
})

it('every known failure names an existing runtime and package', () => {
  const names = runtimes.flatMap(({ name, version }) => [name, `${name} ${version}`])
  const packages = publishedPackages().map(({ manifest }) => manifest.name)
  for (const failure of knownFailures) {
    expect(names).toContain(failure.runtime)
    expect(packages).toContain(failure.package)
  }
})
