import { describe, expect, it } from 'vitest'
import { aims, aimsTable } from '../src/aims.ts'
import { resultOf } from '../src/results.ts'
import type { Metric, OutsideRow } from '../src/row.ts'
import { formatNumber, markdownTable, printTable, tableOf } from '../src/table.ts'

const time: Metric = { key: 'time', title: 'time a call', unit: 'ns', hasRatio: true, ratioTarget: 1.2 }
const count: Metric = { key: 'count', title: 'requests', unit: '', target: 4 }

function row(metrics: readonly Metric[] = [time, count]): OutsideRow {
  return {
    kind: 'outside',
    name: 'row',
    title: 'A row',
    about: 'About it.',
    baseline: 'other',
    peers: ['nightlatch', 'other', 'third'],
    metrics,
    rounds: { full: 3, quick: 1 },
    measure: async () => undefined,
  }
}

const samples = new Map([
  [
    'nightlatch',
    [
      { time: 110, count: 5 },
      { time: 220, count: 5 },
    ],
  ],
  [
    'other',
    [
      { time: 100, count: 1 },
      { time: 200, count: 1 },
    ],
  ],
])

describe('the result of a row', () => {
  const result = resultOf(row(), samples)

  it('has the spread of each metric, and ratios to the baseline of the same round', () => {
    expect(result.peers[0]).toEqual({
      peer: 'nightlatch',
      rounds: 2,
      measurements: {
        time: { value: { median: 165, lower: 137.5, upper: 192.5 }, ratio: { median: 1.1, lower: 1.1, upper: 1.1 } },
        count: { value: { median: 5, lower: 5, upper: 5 } },
      },
    })
  })

  it('is empty for a peer that does not support the row', () => {
    expect(result.peers[2]).toEqual({ peer: 'third', rounds: 0, measurements: {} })
  })

  it('reports which aims are met, for values and ratios', () => {
    expect(aims(result)).toBe('Aim: time a call at most 1.20 of other (met); requests at most 4 (missed).')
    expect(aims(resultOf(row(), new Map()))).toContain('(not measured)')
    expect(aims(resultOf(row([{ key: 'time', title: 'time', unit: 'ns' }]), samples))).toBe('')
  })

  it('gives the reason if an aim was replaced, or given up', () => {
    const replaced = { kind: 'ratio', target: 1.05, reason: 'A check costs that.' } as const
    expect(aims(resultOf(row([{ ...time, replaced }]), samples))).toBe(
      'Aim: time a call at most 1.20 of other (met). The first aim, time a call at most 1.05 of other, was replaced: A check costs that.',
    )
    const { target: _, ...unlimited } = count
    const given = { kind: 'value', target: 1, reason: 'Nobody meets it.' } as const
    const withoutAim = resultOf(row([{ ...unlimited, replaced: given }]), samples)
    expect(aims(withoutAim)).toBe('The first aim, requests at most 1, was replaced: Nobody meets it.')
    expect(aimsTable([withoutAim])[1]).toEqual(['A row: requests', '-', '1', '5', 'replaced'])
  })

  it('lists the aims of all rows beside the numbers of Nightlatch', () => {
    const [, first, second] = aimsTable([resultOf(row([{ ...time, ratioTarget: 1.05 }, count]), samples)])
    expect(first).toEqual(['A row: time a call', '1.05 of other', '', '1.10', 'missed'])
    expect(second).toEqual(['A row: requests', '4', '', '5', 'missed'])
  })

  it('is a table, with a dash for missing values', () => {
    const table = tableOf(result)
    expect(table[0]).toEqual(['', 'time a call, ns', 'over other', 'requests'])
    expect(table[1]).toEqual(['nightlatch', '165 (138–193)', '1.10', '5'])
    expect(table[3]).toEqual(['third', '-', '-', '-'])
    expect(printTable(table).split('\n')).toHaveLength(4)
  })

  it('is a padded Markdown table', () => {
    const lines = markdownTable(tableOf(result)).split('\n')
    expect(new Set(lines.map(({ length }) => length)).size).toBe(1)
    expect(lines[1]).toMatch(/^\| -+ \| -+: \|/)
  })
})

it('numbers have three significant figures', () => {
  expect([0, 1.234, 12.34, 123.4, 12_345.6, 4, -0.5].map(formatNumber)).toEqual([
    '0',
    '1.23',
    '12.3',
    '123',
    '12,346',
    '4',
    '-0.50',
  ])
})
