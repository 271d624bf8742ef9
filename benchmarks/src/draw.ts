/** Draws results as bars, one for each peer in each row, on a logarithmic scale. */
import type { Measurement, RowResult } from './results.ts'
import type { Metric } from './row.ts'
import { formatNumber } from './table.ts'

const [width, namesEnd, barsEnd, lineHeight, margin] = [920, 230, 780, 18, 24]

/** Returns an SVG document without external resources. */
export function draw(rows: readonly RowResult[]): string {
  const parts: string[] = []
  let top = margin
  for (const row of rows) {
    const panel = drawPanel(row, top)
    if (panel === undefined) continue
    parts.push(panel.svg)
    top = panel.bottom + margin
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" width="${width}" height="${top}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Nightlatch beside its peers">
<style>
  text { fill: #1f2328 }
  .faint { fill: #59636e }
  .bar { fill: #b7c2cd }
  .ours { fill: #1a7f5a }
  .line { stroke: #59636e }
  .aim { stroke: #b35900; stroke-dasharray: 3 3 }
</style>
<rect width="${width}" height="${top}" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`
}

/** The metric that a panel shows: the first one, as a ratio if it has one. */
function shownOf({
  metrics,
  baseline,
}: RowResult): { metric: Metric; isRatio: boolean; aim: number | undefined } | undefined {
  const [metric] = metrics
  if (metric === undefined) return undefined
  const isRatio = metric.hasRatio === true && baseline !== undefined && metric.target === undefined
  return { metric, isRatio, aim: isRatio ? metric.ratioTarget : metric.target }
}

function drawPanel(row: RowResult, top: number): { svg: string; bottom: number } | undefined {
  const shown = shownOf(row)
  if (shown === undefined) return undefined
  const { metric, isRatio, aim } = shown
  const spreadOf = (measurement: Measurement | undefined): Measurement['value'] | undefined =>
    isRatio ? measurement?.ratio : measurement?.value
  const bars = row.peers.flatMap(({ peer, measurements }) => {
    const spread = spreadOf(measurements[metric.key])
    return spread === undefined ? [] : [{ peer, spread }]
  })
  if (bars.length === 0) return undefined
  const place = scale([
    ...bars.flatMap(({ spread }) => [spread.median, spread.upper]),
    ...(aim === undefined ? [] : [aim]),
  ])
  const unit = isRatio ? `over ${row.baseline}` : metric.unit
  const first = top + 28
  const lines = bars.map(({ peer, spread }, index) => {
    const y = first + index * lineHeight
    const middle = y + lineHeight / 2
    const end = place(spread.median)
    const kind = peer.startsWith('nightlatch') ? 'ours' : 'bar'
    return [
      `<text x="${namesEnd - 8}" y="${middle + 4}" text-anchor="end">${quote(peer)}</text>`,
      `<rect class="${kind}" x="${namesEnd}" y="${y + 3}" width="${round(Math.max(1, end - namesEnd))}" height="${lineHeight - 6}"/>`,
      `<path class="line" d="M${round(place(spread.lower))} ${middle}H${round(place(spread.upper))}"/>`,
      `<text x="${barsEnd + 12}" y="${middle + 4}">${formatNumber(spread.median)}</text>`,
    ].join('\n')
  })
  const bottom = first + bars.length * lineHeight
  const aimLine =
    aim === undefined || aim <= 0 ? '' : `<path class="aim" d="M${round(place(aim))} ${first}V${bottom}"/>`
  const what = `${metric.title}${unit === '' ? '' : `, ${unit}`}${aim === undefined ? '' : `; aim ${formatNumber(aim)}`}`
  const head = `<text x="${margin}" y="${top + 4}" font-weight="600">${quote(row.title.replaceAll('`', ''))}</text>
<text class="faint" x="${margin}" y="${top + 19}">${quote(what)}</text>`
  return { svg: [head, ...lines, aimLine].filter((part) => part !== '').join('\n'), bottom }
}

/** Maps values to positions on a logarithmic scale, with zero at the edge. */
function scale(values: readonly number[]): (value: number) => number {
  const positive = values.filter((value) => value > 0)
  const smallest = Math.min(...positive)
  const below = positive.length === 0 ? 1 : 10 ** Math.floor(Math.log10(smallest))
  // Even the smallest value gets a visible bar.
  const lowest = smallest < 1.5 * below ? below / 10 : below
  const highest = Math.max(...positive, lowest * 10)
  const span = Math.log10(highest / lowest)
  return (value) => (value <= lowest ? namesEnd : namesEnd + (Math.log10(value / lowest) / span) * (barsEnd - namesEnd))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function quote(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
