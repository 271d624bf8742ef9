/** Draws the requests of each day as multiples of their mean. */
import type { DayReport, FleetReport } from './days.ts'

const [width, left, right, panelHeight, gap, margin] = [920, 48, 896, 130, 58, 24]
/** The multiple of the mean at the top of a panel. */
const top = 6.5

/** Returns an SVG document without external resources. */
export function drawFleet({ fleet, days }: FleetReport): string {
  const shown = days.filter(({ startsOver }) => startsOver === 0)
  const height = margin + shown.length * (panelHeight + gap)
  const parts = shown.map((day, index) => drawDay(day, fleet, margin + 24 + index * (panelHeight + gap)))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Token requests of a fleet over a day">
<style>
  text { fill: #1f2328 }
  .faint { fill: #59636e }
  .without { fill: #b7c2cd }
  .ours { fill: #1a7f5a }
  .line { stroke: #59636e }
  .aim { stroke: #b35900; stroke-dasharray: 3 3 }
  .outage { fill: #b35900; opacity: 0.18 }
</style>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`
}

function drawDay({ title, mean, series, hasJitter }: DayReport, fleet: FleetReport['fleet'], y: number): string {
  const bottom = y + panelHeight
  const across = (second: number): number => round(left + (second / fleet.until) * (right - left))
  const up = (multiple: number): number => round(bottom - (Math.min(multiple, top) / top) * panelHeight)
  const step = fleet.until / series.length
  const outline = series.map((value, index) => `V${up(value / mean)}H${across((index + 1) * step)}`).join('')
  const hours = [0, 3, 6, 9, 12, 15, 18, 21, 24].filter((hour) => hour * 3600 <= fleet.until)
  const highest = Math.max(...series) / mean
  const cut = highest > top ? `; the start goes up to ${highest.toFixed(1)}` : ''
  const rate = mean >= 10 ? mean.toFixed(0) : mean.toFixed(2)
  return [
    `<text x="${left}" y="${y - 22}" font-weight="600">${title}</text>`,
    `<text class="faint" x="${left}" y="${y - 7}">requests in five minutes, in multiples of the mean of ${rate}/s${cut}; dashed: 1.5; shaded: the outage</text>`,
    `<rect class="outage" x="${across(fleet.outage.from)}" y="${y}" width="${round(across(fleet.outage.to) - across(fleet.outage.from))}" height="${panelHeight}"/>`,
    `<path class="${hasJitter ? 'ours' : 'without'}" d="M${left} ${bottom}${outline}V${bottom}Z"/>`,
    `<path class="aim" d="M${left} ${up(1.5)}H${right}"/>`,
    `<path class="line" d="M${left} ${bottom}H${right}"/>`,
    ...[1, 3, 6].map(
      (multiple) =>
        `<text class="faint" x="${left - 8}" y="${round(up(multiple) + 4)}" text-anchor="end">${multiple}</text>`,
    ),
    ...hours.map(
      (hour) =>
        `<text class="faint" x="${across(hour * 3600)}" y="${bottom + 14}" text-anchor="middle" font-size="10">${hour}:00</text>`,
    ),
  ].join('\n')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
