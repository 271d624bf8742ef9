/** Pictures in the site's colour scheme, which a reader can set to another one than the system's. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'

type Image = NonNullable<MarkdownRenderer['renderer']['rules']['image']>

/** A page at least this wide, in pixels, has room for a picture at its own size. */
const roomForWide = 720

/** Renders the pictures of a page that have both schemes. */
export function schemedPictures(md: MarkdownRenderer): void {
  const { image } = md.renderer.rules
  md.renderer.rules.image = (...[tokens, index, options, env, self]: Parameters<Image>): string => {
    const token = tokens[index]
    const words = md.utils.escapeHtml(self.renderInlineAsText(token?.children ?? [], options, env))
    return (
      schemedPicture(token?.attrGet('src') ?? '', words, dirname(env.realPath ?? env.path ?? '')) ??
      image?.(tokens, index, options, env, self) ??
      self.renderToken(tokens, index, options)
    )
  }
}

/**
 * A picture for light and one for dark, of which the theme shows one. That is an SVG whose address chooses its scheme, or a file
 * with another one beside it whose name ends in `-dark`. Beside an SVG, `-narrow` is the drawing for telephones.
 *
 * @param source the file, from the page's folder
 * @param words what the picture shows, as HTML
 * @returns `undefined` if the picture has only one scheme
 */
export function schemedPicture(source: string, words: string, folder: string): string | undefined {
  const [light, dark] = addressesOf(source.startsWith('.') ? source : `./${source}`, folder)
  return light === undefined || dark === undefined ? undefined : pictureOf('light', light) + pictureOf('dark', dark)

  function pictureOf(scheme: string, address: string): string {
    const narrow = address.replace(/\.svg(?=#)/, '-narrow.svg')
    const hasNarrow = narrow !== address && existsSync(fileOf(narrow, folder))
    const media = `media="(max-width: ${roomForWide - 1}px)"`
    const other = hasNarrow ? `<source ${media} srcset="${narrow}"${sizeOf(fileOf(narrow, folder))}>` : ''
    const drawing = `<img src="${address}" alt="${words}"${sizeOf(fileOf(address, folder))} loading="lazy">`
    return `<picture class="in-${scheme}">${other}${drawing}</picture>`
  }
}

/** The addresses for light and for dark, if a picture has both. */
function addressesOf(path: string, folder: string): readonly string[] {
  const file = fileOf(path, folder)
  if (!existsSync(file)) return []
  if (path.endsWith('.svg')) {
    return readFileSync(file, 'utf8').includes('<g id="dark"/>') ? [`${path}#light`, `${path}#dark`] : []
  }
  const dark = path.replace(/(?=\.\w+$)/, '-dark')
  return existsSync(fileOf(dark, folder)) ? [path, dark] : []
}

/** The attributes for a picture's size, so that its place is kept until it has loaded. */
function sizeOf(file: string): string {
  const bytes = readFileSync(file)
  // The header of a PNG has its width and height at a fixed place.
  if (file.endsWith('.png')) return ` width="${bytes.readUInt32BE(16)}" height="${bytes.readUInt32BE(20)}"`
  return /^<svg [^>]*( width="\d+" height="\d+")/.exec(bytes.toString())?.[1] ?? ''
}

function fileOf(address: string, folder: string): string {
  return resolve(folder, address.split('#')[0] ?? '')
}
