import { describe, expect, it } from 'vitest'
import { decodePemBlock, readPemBlocks } from '../../src/acquire/pem.ts'
import { measureGrowth, mostGrowth } from '../growth.ts'

const block = (label: string, base64: string): string => `-----BEGIN ${label}-----${base64}-----END ${label}-----`

describe('readPemBlocks', () => {
  it.each([
    ['one', block('A', '\nAA==\n'), [['A', '\nAA==\n']]],
    [
      'several, and the text between them',
      `x${block('A B', '1')}y\n${block('C', '2')}z`,
      [
        ['A B', '1'],
        ['C', '2'],
      ],
    ],
    ['line breaks as an environment variable holds them', block('A', '\\n1\\r\\n2\\n'), [['A', '\n1\n2\n']]],
    ['one behind a begin without an end', `-----BEGIN A-----1${block('B', '2')}`, [['B', '2']]],
    ['one behind an end of another label', `-----BEGIN A-----1-----END B-----${block('C', '3')}`, [['C', '3']]],
    ['none', 'nothing', []],
    ['half of one', '-----BEGIN A-----\nAA==', []],
    ['hyphens', '-'.repeat(100), []],
    ['an end before its begin', '-----END A-----1-----BEGIN A-----', []],
    ['another word in place of BEGIN', '-----START A-----1-----END A-----', []],
  ] as const)('X3: %s', (_, text, expected) => {
    expect(readPemBlocks(text).map(({ label, base64 }) => [label, base64])).toEqual(expected)
  })
})

describe('decodePemBlock', () => {
  it.each([
    ['AAEC', [0, 1, 2]],
    [' \r\nAA\tEC\n', [0, 1, 2]],
    ['', []],
    ['AAE!', undefined],
    ['A', undefined],
  ])('X3: %j is %j', (base64, bytes) => {
    expect(decodePemBlock({ label: 'A', base64 })).toEqual(bytes && Uint8Array.from(bytes))
  })
})

describe('long texts', () => {
  it.each([
    ['begins', '-----BEGIN A-----\n'],
    ['begins of other labels', '-----BEGIN A-----\n-----BEGIN B-----\n'],
    ['hyphens', '-'],
    ['escaped line breaks', '\\r\\n\\n'],
    ['blanks', ' \t\n'],
    ['blocks that end by another label', '-----BEGIN A-----\nAAAA\n-----END B-----\n'],
  ])('X3: reading %s takes time by its length', (_, part) => {
    const growth = measureGrowth((size) => {
      const text = part.repeat(Math.ceil(size / part.length))
      for (let count = 0; count < 20; count += 1) readPemBlocks(text)
    }, 8000)
    expect(growth).toBeLessThanOrEqual(mostGrowth)
  })
})
