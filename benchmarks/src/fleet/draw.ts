/** Draws the requests of each day as multiples of their mean. */
import { breakLines, round, svgDocument } from '../svg-document.ts'
import type { DayReport, FleetReport } from './days.ts'

/** Widths and positions in pixels. */
interface FleetLayout {
  readonly width: number
  readonly left: number
  readonly right: number
  /** Between two labels of the axis. */
  readonly hours: number
}

const wide: FleetLayout = { width: 688, left: 28, right: 668, hours: 3 }
const narrow: FleetLayout = { width: 360, left: 18, right: 342, hours: 6 }

const [panelHeight, textHeight, gap, margin] = [130, 15, 40, 24]
/** The multiple of the mean at the top of a panel. */
const top = 6.5

/** Returns the pictures by file name; `-narrow` is the drawing for telephones. */
export function fleetPictures(report: FleetReport): Readonly<Record<string, string>> {
  return { 'fleet.svg': drawFleet(report, wide), 'fleet-narrow.svg': drawFleet(report, narrow) }
}

function drawFleet({ fleet, days }: FleetReport, layout: FleetLayout): string {
  const parts: string[] = []
  let y = margin
  for (const day of days.filter(({ startsOver }) => startsOver === 0)) {
    const panel = drawDay(day, fleet, y, layout)
    parts.push(panel.svg)
    y = panel.bottom + gap
  }
  return svgDocument({
    width: layout.width,
    height: y,
    label: 'Token requests of a fleet over a day',
    styles: [
      '.without { fill: light-dark(#b7c2cd, #57606a) }',
      '.outage { fill: light-dark(#b35900, #e08a3c); opacity: 0.18 }',
    ],
    parts,
  })
}

function drawDay(
  { title, mean, series, hasJitter }: DayReport,
  fleet: FleetReport['fleet'],
  begin: number,
  { left, right, hours: hoursBetween }: FleetLayout,
): { svg: string; bottom: number } {
  const highest = Math.max(...series) / mean
  const cut = highest > top ? `; the start goes up to ${highest.toFixed(1)}` : ''
  const rate = mean >= 10 ? mean.toFixed(0) : mean.toFixed(2)
  const about = `requests in five minutes, in multiples of the mean of ${rate}/s${cut}; dashed: 1.5; shaded: the outage`
  const texts = breakLines(about, right - left)
  const y = begin + 8 + texts.length * textHeight
  const bottom = y + panelHeight
  const across = (second: number): number => round(left + (second / fleet.until) * (right - left))
  const up = (multiple: number): number => round(bottom - (Math.min(multiple, top) / top) * panelHeight)
  const step = fleet.until / series.length
  const outline = series.map((value, index) => `V${up(value / mean)}H${across((index + 1) * step)}`).join('')
  const hours = [0, 3, 6, 9, 12, 15, 18, 21, 24].filter(
    (hour) => hour % hoursBetween === 0 && hour * 3600 <= fleet.until,
  )
  const parts = [
    `<text x="${left}" y="${begin}" font-weight="600">${title}</text>`,
    ...texts.map(
      (text, index) => `<text class="faint" x="${left}" y="${begin + (index + 1) * textHeight}">${text}</text>`,
    ),
    `<rect class="outage" x="${across(fleet.outage.from)}" y="${y}" width="${round(across(fleet.outage.to) - across(fleet.outage.from))}" height="${panelHeight}"/>`,
    `<path class="${hasJitter ? 'ours' : 'without'}" d="M${left} ${bottom}${outline}V${bottom}Z"/>`,
    `<path class="aim" d="M${left} ${up(1.5)}H${right}"/>`,
    `<path class="line" d="M${left} ${bottom}H${right}"/>`,
    ...[1, 3, 6].map(
      (multiple) =>
        `<text class="faint" x="${left - 6}" y="${round(up(multiple) + 4)}" text-anchor="end">${multiple}</text>`,
    ),
    ...hours.map(
      (hour) =>
        `<text class="faint" x="${across(hour * 3600)}" y="${bottom + 15}" text-anchor="middle" font-size="11.5">${hour}:00</text>`,
    ),
  ]
  return { svg: parts.join('\n'), bottom }
}
