/** An SVG document in light and dark: by the system's scheme, or by the fragment `#light` or `#dark` of its address. */

export interface SvgContent {
  readonly width: number
  readonly height: number
  /** What the picture shows, for screen readers. */
  readonly label: string
  /** Rules for the classes that only this picture has. */
  readonly styles: readonly string[]
  readonly parts: readonly string[]
}

/** Returns a document without external resources. */
export function svgDocument({ width, height, label, styles, parts }: SvgContent): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${label}">
<style>
  svg { color-scheme: light dark }
  svg:has(#light:target) { color-scheme: light }
  svg:has(#dark:target) { color-scheme: dark }
  .ground { fill: light-dark(#ffffff, #1b1b1f) }
  text { fill: light-dark(#1f2328, #e6e8ea) }
  .faint { fill: light-dark(#59636e, #a5adb6) }
  .ours { fill: light-dark(#1a7f5a, #3fb68b) }
  .line { stroke: light-dark(#59636e, #a5adb6) }
  .aim { stroke: light-dark(#b35900, #e08a3c); stroke-dasharray: 3 3 }
${styles.map((style) => `  ${style}\n`).join('')}</style>
<g id="light"/><g id="dark"/>
<rect class="ground" width="${width}" height="${height}" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`
}

/** Breaks a text into lines, because SVG does not. Twelve pixels of a sans-serif font are about 6.4 wide. */
export function breakLines(text: string, width: number): readonly string[] {
  const most = Math.floor(width / 6.4)
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= most) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Escapes a text for an element or an attribute. */
export function quote(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** Rounds a position to tenths of a pixel. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}
