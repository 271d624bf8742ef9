/** SVG pictures in the site's colour scheme, which a reader can set to another one than the system's. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'

type Image = NonNullable<MarkdownRenderer['renderer']['rules']['image']>

/** A page at least this wide, in pixels, has room for a picture at its own size. */
const roomForWide = 720

/** Renders each SVG that has both schemes twice. The theme shows one of them. */
export function schemedPictures(md: MarkdownRenderer): void {
  const { image } = md.renderer.rules
  md.renderer.rules.image = (...[tokens, index, options, env, self]: Parameters<Image>): string => {
    const token = tokens[index]
    const source = token?.attrGet('src') ?? ''
    const file = resolve(dirname(env.realPath ?? env.path), source)
    if (token === undefined || !source.endsWith('.svg') || !hasSchemes(file)) {
      return image?.(tokens, index, options, env, self) ?? self.renderToken(tokens, index, options)
    }
    const path = source.startsWith('.') ? source : `./${source}`
    const narrow = path.replace(/\.svg$/, '-narrow.svg')
    const hasNarrow = existsSync(file.replace(/\.svg$/, '-narrow.svg'))
    const alt = md.utils.escapeHtml(self.renderInlineAsText(token.children ?? [], options, env))
    const pictures = ['light', 'dark'].map((scheme) => {
      const other = `<source media="(max-width: ${roomForWide - 1}px)" srcset="${narrow}#${scheme}">`
      const drawing = `<img src="${path}#${scheme}" alt="${alt}" loading="lazy">`
      return `<picture class="in-${scheme}">${hasNarrow ? other : ''}${drawing}</picture>`
    })
    return pictures.join('')
  }
}

/** Whether the fragment of its address chooses the picture's scheme. */
function hasSchemes(file: string): boolean {
  return existsSync(file) && readFileSync(file, 'utf8').includes('<g id="dark"/>')
}
