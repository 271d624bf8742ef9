/** Links, anchors and parts of a built site. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

interface BuiltPage {
  readonly anchors: ReadonlySet<string>
  readonly links: readonly string[]
  /** What the page loads: scripts, styles, pictures. */
  readonly parts: readonly string[]
}

/**
 * What is wrong with the links of a built site.
 *
 * @param folder where its HTML stands
 */
export function checkSite(folder: string): { pages: number; problems: readonly string[] } {
  const pages = new Map(
    globSync('**/*.html', { cwd: folder }).map((file) => [join(folder, file), readPage(join(folder, file))]),
  )
  const problems = [...pages].flatMap(([file, { links, parts }]) =>
    [
      ...new Set([
        ...links.flatMap((link) => complain(link, judgeLink(link, file))),
        ...parts.flatMap((part) =>
          complain(part, isElsewhere(part) ? 'is loaded from another host' : judgeLink(part, file)),
        ),
      ]),
    ].map((problem) => `${relative(folder, file)}: ${problem}`),
  )
  return { pages: pages.size, problems }

  function judgeLink(link: string, from: string): string | undefined {
    if (link.startsWith('data:')) return undefined
    if (isElsewhere(link)) return judgeAddress(link)
    const [path = '', anchor = ''] = link.split('#')
    const target = path === '' ? from : fileOf(decodeURI(path.split('?')[0] ?? ''), from)
    if (target === undefined) return 'leads nowhere'
    const page = pages.get(target)
    if (anchor === '' || page === undefined || page.anchors.has(decodeURIComponent(anchor))) return undefined
    return 'leads to an anchor that is not there'
  }

  function fileOf(path: string, from: string): string | undefined {
    const start = path.startsWith('/') ? join(folder, path) : join(dirname(from), path)
    return [start, `${start}.html`, join(start, 'index.html')].find(
      (file) => existsSync(file) && statSync(file).isFile(),
    )
  }
}

function complain(link: string, complaint: string | undefined): readonly string[] {
  return complaint === undefined ? [] : [`${link} ${complaint}`]
}

/** Of a link that leads away only its form is judged. */
function judgeAddress(link: string): string | undefined {
  if (/^mailto:/i.test(link)) return undefined
  const url = URL.parse(link)
  if (url === null || !/^https?:$/.test(url.protocol)) return 'is no address'
  return /[\s`<>]|\/\/.*\/\//.test(link) || !/\.[a-z]{2,}$|^(localhost|127\.0\.0\.1)$/i.test(url.hostname)
    ? 'is malformed'
    : undefined
}

function isElsewhere(link: string): boolean {
  return /^([a-z][a-z\d+.-]*:|\/\/)/i.test(link) && !link.startsWith('data:')
}

function readPage(file: string): BuiltPage {
  const html = readFileSync(file, 'utf8').replace(
    /<script\b[^>]*>[\s\S]*?<\/script>/g,
    (script) => script.split('>')[0] ?? '',
  )
  const attributes = (pattern: RegExp): readonly string[] =>
    [...html.matchAll(pattern)].map(([, value = '']) => value.replaceAll('&amp;', '&').replaceAll('&quot;', '"'))
  return {
    anchors: new Set(attributes(/\s(?:id|name)="([^"]*)"/g)),
    links: attributes(/<a\b[^>]*?\shref="([^"]*)"/g),
    parts: [
      ...attributes(/<(?:img|script|source|iframe)\b[^>]*?\ssrc="([^"]*)"/g),
      // A canonical link names the published page, and loads nothing.
      ...attributes(/<link\b(?![^>]*\srel="canonical")[^>]*?\shref="([^"]*)"/g),
    ],
  }
}
