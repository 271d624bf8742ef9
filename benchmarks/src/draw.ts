/** Draws results as bars, one for each peer in each row, on a logarithmic scale. */
import type { Measurement, RowResult } from './results.ts'
import type { Metric } from './row.ts'
import { breakLines, quote, round, svgDocument } from './svg-document.ts'
import { formatNumber } from './table.ts'

/** Widths and positions in pixels. */
export interface BarLayout {
  readonly width: number
  readonly namesEnd: number
  readonly barsEnd: number
  readonly margin: number
}

/** As wide as the text of a page on the site, so that its letters keep their size. */
const wideBars: BarLayout = { width: 688, namesEnd: 204, barsEnd: 610, margin: 16 }
/** For telephones: on a screen 390 pixels wide, the letters are 11 pixels high. */
export const narrowBars: BarLayout = { width: 360, namesEnd: 188, barsEnd: 306, margin: 8 }

const [lineHeight, textHeight, gap] = [16, 15, 20]

/** Returns an SVG document without external resources. */
export function draw(rows: readonly RowResult[], layout: BarLayout = wideBars): string {
  const parts: string[] = []
  let top = gap
  for (const row of rows) {
    const panel = drawPanel(row, top, layout)
    if (panel === undefined) continue
    parts.push(panel.svg)
    top = panel.bottom + gap
  }
  return svgDocument({
    width: layout.width,
    height: top,
    label: 'Nightlatch beside its peers',
    styles: ['.bar { fill: light-dark(#b7c2cd, #57606a) }'],
    parts,
  })
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

function drawPanel(row: RowResult, top: number, layout: BarLayout): { svg: string; bottom: number } | undefined {
  const shown = shownOf(row)
  if (shown === undefined) return undefined
  const { metric, isRatio, aim } = shown
  const { width, namesEnd, barsEnd, margin } = layout
  const spreadOf = (measurement: Measurement | undefined): Measurement['value'] | undefined =>
    isRatio ? measurement?.ratio : measurement?.value
  const bars = row.peers.flatMap(({ peer, measurements }) => {
    const spread = spreadOf(measurements[metric.key])
    return spread === undefined ? [] : [{ peer, spread }]
  })
  if (bars.length === 0) return undefined
  const place = scale(
    [...bars.flatMap(({ spread }) => [spread.median, spread.upper]), ...(aim === undefined ? [] : [aim])],
    layout,
  )
  const unit = isRatio ? `over ${row.baseline}` : metric.unit
  const what = `${metric.title}${unit === '' ? '' : `, ${unit}`}${aim === undefined ? '' : `; aim ${formatNumber(aim)}`}`
  const titles = breakLines(row.title.replaceAll('`', ''), width - 2 * margin)
  const head = [...titles, ...breakLines(what, width - 2 * margin)].map((text, index) => {
    const kind = index < titles.length ? 'font-weight="600"' : 'class="faint"'
    return `<text ${kind} x="${margin}" y="${top + 4 + index * textHeight}">${quote(text)}</text>`
  })
  const first = top + head.length * textHeight - 2
  const lines = bars.map(({ peer, spread }, index) => {
    const y = first + index * lineHeight
    const middle = y + lineHeight / 2
    const end = place(spread.median)
    const kind = peer.startsWith('nightlatch') ? 'ours' : 'bar'
    return [
      `<text x="${namesEnd - 8}" y="${middle + 4}" text-anchor="end">${quote(peer)}</text>`,
      `<rect class="${kind}" x="${namesEnd}" y="${y + 2}" width="${round(Math.max(1, end - namesEnd))}" height="${lineHeight - 5}"/>`,
      `<path class="line" d="M${round(place(spread.lower))} ${middle}H${round(place(spread.upper))}"/>`,
      `<text x="${barsEnd + 8}" y="${middle + 4}">${formatNumber(spread.median)}</text>`,
    ].join('\n')
  })
  const bottom = first + bars.length * lineHeight
  const aimLine =
    aim === undefined || aim <= 0 ? '' : `<path class="aim" d="M${round(place(aim))} ${first}V${bottom}"/>`
  return { svg: [...head, ...lines, aimLine].filter((part) => part !== '').join('\n'), bottom }
}

/** Maps values to positions on a logarithmic scale, with zero at the edge. */
function scale(values: readonly number[], { namesEnd, barsEnd }: BarLayout): (value: number) => number {
  const positive = values.filter((value) => value > 0)
  const smallest = Math.min(...positive)
  const below = positive.length === 0 ? 1 : 10 ** Math.floor(Math.log10(smallest))
  // Even the smallest value gets a visible bar.
  const lowest = smallest < 1.5 * below ? below / 10 : below
  const highest = Math.max(...positive, lowest * 10)
  const span = Math.log10(highest / lowest)
  return (value) => (value <= lowest ? namesEnd : namesEnd + (Math.log10(value / lowest) / span) * (barsEnd - namesEnd))
}
