import { stripVTControlCharacters } from 'node:util'

/** What a terminal showed, as a picture whose lines appear one after the other. */

/** A run of text in one look. */
interface Piece {
  readonly text: string
  readonly look: string
}

const looks: Readonly<Record<string, string>> = {
  '1': 'bold',
  '2': 'quiet',
  '31': 'bad',
  '32': 'good',
  '33': 'doubtful',
  '36': 'code',
}
/** End of any look, of bold and quiet, of a colour. */
const ends = new Set(['', '0', '22', '39'])

const columns = 118
const lineHeight = 18
const margin = 18
const barHeight = 34
/** Of the letters that a reader of the picture is likely to have, in pixels. */
const columnWidth = 7.83

/**
 * @param output what the program wrote, colours included
 * @param command what was typed
 * @returns an SVG document; where motion is not wanted, it stands still
 */
export function drawRecording(output: string, command: string): string {
  const lines = [[{ text: `$ ${command}`, look: 'bold' }], ...readLines(output)]
  const width = Math.ceil(columns * columnWidth + 2 * margin)
  const height = barHeight + lines.length * lineHeight + margin
  let delay = 0.6
  const drawn = lines.map((line, row) => {
    const spans = line.map(({ text, look }) => `<tspan class="${look}">${toMarkup(text)}</tspan>`).join('')
    const y = barHeight + (row + 1) * lineHeight
    const style = row === 0 ? '' : ` style="animation-delay:${delay.toFixed(2)}s"`
    // A line that begins a step takes longer than the details below it.
    delay += line.some(({ text }) => text.includes('✓')) ? 0.7 : 0.09
    return `<text xml:space="preserve" x="${margin}" y="${y}"${row === 0 ? '' : ' class="later"'}${style}>${spans}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${toMarkup(`What ${command} prints`)}">
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #e6edf3 }
.bold { font-weight: 700 }
.quiet { fill: #8b949e }
.good { fill: #56d364 }
.doubtful { fill: #e3b341 }
.bad { fill: #ff7b72 }
.code { fill: #79c0ff }
.later { animation: appear 0.01s both }
@keyframes appear { from { opacity: 0 } to { opacity: 1 } }
@media (prefers-reduced-motion: reduce) { .later { animation: none } }
</style>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<circle cx="20" cy="17" r="5" fill="#30363d"/><circle cx="38" cy="17" r="5" fill="#30363d"/><circle cx="56" cy="17" r="5" fill="#30363d"/>
${drawn.join('\n')}
</svg>
`
}

/** What is to be read in a picture. */
export function readPicture(picture: string): string {
  const words = picture
    .replaceAll(/<style>.*<\/style>/gs, '')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
  return readShown(words)
}

/** What is to be read on a terminal: without looks, and with what differs from run to run made equal. */
export function readShown(shown: string): string {
  return stripVTControlCharacters(shown)
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:port')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n')
}

const escapeCharacter = String.fromCharCode(27)

function readLines(output: string): readonly (readonly Piece[])[] {
  let look = ''
  return output
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [plain = '', ...dressed] = line.split(`${escapeCharacter}[`)
      const pieces: Piece[] = [{ text: plain, look }]
      for (const piece of dressed) {
        const end = piece.indexOf('m')
        const code = piece.slice(0, end)
        look = ends.has(code) ? '' : (looks[code] ?? '')
        pieces.push({ text: piece.slice(end + 1), look })
      }
      return pieces.filter(({ text }) => text !== '')
    })
}

function toMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
