import { stripVTControlCharacters } from 'node:util'

/** Draws terminal output as an SVG whose lines appear one after another. */

/** A run of text in one style. */
interface Piece {
  readonly text: string
  readonly style: string
}

const styles: Readonly<Record<string, string>> = {
  '1': 'bold',
  '2': 'quiet',
  '31': 'bad',
  '32': 'good',
  '33': 'doubtful',
  '36': 'code',
}
/** The escape codes that end any style, bold and quiet, and a colour. */
const resetCodes = new Set(['', '0', '22', '39'])

const columns = 118
const lineHeightPx = 18
const marginPx = 18
const barHeightPx = 34
/** Width of a character in the usual monospace fonts. */
const columnWidthPx = 7.83

/**
 * @param output the program's output with colours
 * @param command the command line to show
 * @returns an SVG document, without animation if the reader prefers reduced motion
 */
export function drawRecording(output: string, command: string): string {
  const lines = [[{ text: `$ ${command}`, style: 'bold' }], ...readLines(output)]
  const width = Math.ceil(columns * columnWidthPx + 2 * marginPx)
  const height = barHeightPx + lines.length * lineHeightPx + marginPx
  let delay = 0.6
  const drawn = lines.map((line, row) => {
    const spans = line.map(({ text, style }) => `<tspan class="${style}">${toMarkup(text)}</tspan>`).join('')
    const y = barHeightPx + (row + 1) * lineHeightPx
    const animation = row === 0 ? '' : ` style="animation-delay:${delay.toFixed(2)}s"`
    // The first line of a step appears after a longer delay than its details.
    delay += line.some(({ text }) => text.includes('✓')) ? 0.7 : 0.09
    return `<text xml:space="preserve" x="${marginPx}" y="${y}"${row === 0 ? '' : ' class="later"'}${animation}>${spans}</text>`
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

/** The text of a picture. */
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

/** The text of terminal output, without styles and with ports replaced, so that two runs are equal. */
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
  let style = ''
  return output
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [plain = '', ...styled] = line.split(`${escapeCharacter}[`)
      const pieces: Piece[] = [{ text: plain, style }]
      for (const piece of styled) {
        const end = piece.indexOf('m')
        const code = piece.slice(0, end)
        style = resetCodes.has(code) ? '' : (styles[code] ?? '')
        pieces.push({ text: piece.slice(end + 1), style })
      }
      return pieces.filter(({ text }) => text !== '')
    })
}

function toMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
