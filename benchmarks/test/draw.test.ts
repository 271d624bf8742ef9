import { describe, expect, it } from 'vitest'
import { draw, narrowBars } from '../src/draw.ts'
import { fillPage } from '../src/page.ts'
import type { RowResult } from '../src/results.ts'

const point = (value: number): { median: number; lower: number; upper: number } => ({
  median: value,
  lower: value,
  upper: value,
})

const row: RowResult = {
  name: 'row',
  title: 'A `row` <of> sorts',
  about: 'About it.',
  baseline: 'fetch',
  metrics: [{ key: 'time', title: 'time', unit: 'µs', hasRatio: true, ratioTarget: 10 }],
  peers: [
    { peer: 'fetch', rounds: 1, measurements: { time: { value: point(5), ratio: point(1) } } },
    { peer: 'nightlatch', rounds: 1, measurements: { time: { value: point(50), ratio: point(10) } } },
    {
      peer: 'slow',
      rounds: 1,
      measurements: { time: { value: point(500), ratio: { median: 100, lower: 80, upper: 120 } } },
    },
    { peer: 'absent', rounds: 0, measurements: {} },
  ],
}

/** Of the bars: how long they are. */
function widths(svg: string): readonly number[] {
  return [...svg.matchAll(/<rect class="(?:bar|ours)" [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width))
}

describe('the picture', () => {
  it('has a bar for each measured peer, on a logarithmic scale', () => {
    const [first = 0, second = 0, third = 0, ...others] = widths(draw([row]))
    expect(others).toEqual([])
    expect(second - first).toBeCloseTo(third - second, 0)
    expect(second).toBeGreaterThan(first)
  })

  it('marks Nightlatch, the spread and the aim', () => {
    const svg = draw([row])
    expect(svg.match(/class="ours"/g)).toHaveLength(1)
    expect(svg.match(/class="aim"/g)).toHaveLength(1)
    expect(svg).not.toContain('NaN')
    const [, from, to] = /class="line" d="M([\d.]+) [\d.]+H([\d.]+)"/.exec(svg.slice(svg.indexOf('slow'))) ?? []
    expect(Number(to)).toBeGreaterThan(Number(from))
  })

  it('has letters at least 11 pixels high on a screen 390 pixels wide, and breaks its lines', () => {
    const title = 'The token endpoint answers with status 503 for three seconds, then with a token'
    const svg = draw([{ ...row, title }], narrowBars)
    const [, width = 0, height = 0] = (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).map(Number)
    const [, size = 0] = (/font-size="(\d+)"/.exec(svg) ?? []).map(Number)
    // A page has a margin of 24 pixels on each side.
    expect(size * Math.min(1, (390 - 48) / width)).toBeGreaterThanOrEqual(11)
    expect(svg.match(/font-weight="600"/g)?.length).toBeGreaterThan(1)
    const places = [...svg.matchAll(/<text [^>]*\by="([\d.]+)"/g)].map(([, y]) => Number(y))
    expect(Math.max(...places)).toBeLessThan(height)
    expect(svg).not.toContain(title)
  })

  it('escapes names', () => {
    const svg = draw([row])
    expect(svg).toContain('A row &lt;of&gt; sorts')
    expect(svg).not.toContain('<of>')
  })

  it('draws zero at the edge, and omits a row without peers', () => {
    const metrics = [{ key: 'time', title: '401s', unit: '' as const, target: 0 }]
    const none: RowResult = {
      ...row,
      metrics,
      peers: [{ peer: 'nightlatch', rounds: 1, measurements: { time: { value: point(0) } } }],
    }
    expect(widths(draw([none]))).toEqual([1])
    expect(widths(draw([{ ...row, peers: [] }]))).toEqual([])
  })
})

describe('the page', () => {
  const results = { machine: { node: 'v24' }, versions: { '@a/b': '1.2.3' }, rows: [row] }
  const page = 'Before.\n\n<!-- generated: begin -->\nold\n<!-- generated: end -->\n\nAfter.\n'

  it('contains the results between its marks, and keeps the rest', () => {
    const filled = fillPage(page, results)
    expect(filled.startsWith('Before.\n')).toBe(true)
    expect(filled.endsWith('<!-- generated: end -->\n\nAfter.\n')).toBe(true)
    expect(filled).toContain('### A `row` <of> sorts')
    expect(filled).toMatch(/\| nightlatch +\| +50 \| +10 \|/)
    expect(filled).not.toContain('old')
    expect(fillPage(filled, results)).toBe(filled)
  })

  it('says why a row was not measured, and draws nothing for it', () => {
    const missing = { ...row, peers: row.peers.map(({ peer }) => ({ peer, rounds: 0, measurements: {} })) }
    const rows = [{ ...missing, missing: 'Bun is not installed.' }]
    expect(fillPage(page, { ...results, rows })).toContain(
      '### A `row` <of> sorts\n\nAbout it.\n\nAim: time at most 10 of fetch (not measured).\n\nBun is not installed.\n',
    )
    expect(draw(rows)).not.toMatch(/class="(bar|ours)"/)
  })

  it('must have the marks', () => {
    expect(() => fillPage('# A page', results)).toThrow('no marks for the results')
  })
})
