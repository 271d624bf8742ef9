import { describe, expect, it } from 'vitest'
import type { KnownFailure, PackageResult } from '../../src/runtimes/known-failures.ts'
import { checkTable, packageTable, putTable } from '../../src/runtimes/tables.ts'

const packageResults: readonly PackageResult[] = [
  { runtime: 'Node.js 22.0.0', package: 'core', results: [{ name: 'a token' }, { name: 'it ends' }] },
  { runtime: 'Node.js 22.0.0', package: 'undici', results: [], skipped: 'not for Node' },
  { runtime: 'Bun 1.4.5', package: 'core', results: [{ name: 'a token' }, { name: 'it ends', problem: 'it lingers' }] },
  { runtime: 'Bun 1.4.5', package: 'undici', results: [{ name: 'a request', problem: 'compose is not a function' }] },
]
const known: readonly KnownFailure[] = [
  { runtime: 'Bun', package: 'undici', check: 'a request', why: 'Bun has its own undici' },
]

describe('the table of packages', () => {
  it('says what works, what was not tried, what is known, and what fails', () => {
    expect(packageTable(packageResults, known)).toBe(
      [
        '|                | `core`    | `undici`               |',
        '| -------------- | --------- | ---------------------- |',
        '| Node.js 22.0.0 | ✓         | not for Node           |',
        '| Bun 1.4.5      | ✗ it ends | Bun has its own undici |',
      ].join('\n'),
    )
  })

  it('shows no tick where nothing was asked', () => {
    const half = packageResults.filter(
      (packageResult) => packageResult.runtime !== 'Bun 1.4.5' || packageResult.package !== 'core',
    )
    expect(packageTable(half, known)).toContain('| Bun 1.4.5      | —      | Bun')
  })
})

describe('the table of checks', () => {
  it('has a row for each check, and a dash where it was not made', () => {
    expect(checkTable(packageResults)).toBe(
      [
        '|          |           | Node.js 22.0.0 | Bun 1.4.5 |',
        '| -------- | --------- | -------------- | --------- |',
        '| `core`   | a token   | ✓              | ✓         |',
        '|          | it ends   | ✓              | ✗         |',
        '| `undici` | a request | —              | ✗         |',
      ].join('\n'),
    )
  })
})

describe('a table in a document', () => {
  const document = 'Before\n\n<!-- runtimes: checks -->\nan old one\n<!-- /runtimes: checks -->\n\nAfter\n'

  it('stands in place of the one before, and is the same the second time', () => {
    const renewed = putTable(document, 'checks', '| a |')
    expect(renewed).toBe('Before\n\n<!-- runtimes: checks -->\n\n| a |\n\n<!-- /runtimes: checks -->\n\nAfter\n')
    expect(putTable(renewed, 'checks', '| a |')).toBe(renewed)
  })

  it.each(['', document.replace('<!-- /', '<!-- '), document + document])(
    'is refused a document without its two marks, or with more',
    (other) => {
      expect(() => putTable(other, 'checks', '| a |')).toThrow('once each')
    },
  )
})
