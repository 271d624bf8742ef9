/** The site as plain text for language models: `llms.txt` lists the pages, `llms-full.txt` holds them. See llmstxt.org. */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { siteUrl } from '../../tools/src/project.ts'
import { descriptionOf, splitFrontMatter } from './descriptions.ts'
import { includedFiles, movedPages, type Page, pageGroups } from './pages.ts'

const docs = join(import.meta.dirname, '..')
const about =
  'Nightlatch gets OAuth 2.0 access tokens by client credentials, for TypeScript on Node, Bun, Deno and Cloudflare Workers. It caches, shares and refreshes them.'

/** Pages for contributors: their words are about the inside. */
const leftOut = ['rules.md', 'decisions.md', 'README.md']

/** @param folder where the built site stands */
export function writeLlmsFiles(folder: string): void {
  const groups = pageGroups.map(({ title, pages }) => ({
    title,
    pages: pages.filter(({ file }) => !leftOut.includes(file)),
  }))
  const list = groups.map(({ title, pages }) => `## ${title}\n\n${pages.map(lineOf).join('')}\n`).join('')
  writeFileSync(join(folder, 'llms.txt'), `# Nightlatch\n\n> ${about}\n\n${list}`)
  const all = groups.flatMap(({ pages }) => pages.map(({ file }) => `${plainMarkdown(file)}\n`))
  writeFileSync(join(folder, 'llms-full.txt'), all.join('\n---\n\n'))
}

function lineOf({ title, file }: Page): string {
  return `- [${title}](${addressOf(file)}): ${descriptionOf(file, readFileSync(join(docs, file), 'utf8'))}\n`
}

function addressOf(file: string): string {
  return `${siteUrl}/${(movedPages[file] ?? file).replace(/\.md$/, '.html')}`
}

/** The page with the code and the files that it includes, and with whole addresses. */
export function plainMarkdown(file: string): string {
  const folder = dirname(join(docs, file))
  const { body } = splitFrontMatter(readFileSync(join(docs, file), 'utf8'))
  return body
    .trim()
    .replace(/^<!--@include: (\S+?)(?:\{(\d+),\})?-->$/gm, (_, path, first = '1') =>
      readFileSync(join(folder, path), 'utf8')
        .split('\n')
        .slice(Number(first) - 1)
        .join('\n'),
    )
    .replace(/^<<< (\S+?)(#[\w-]+)?(?:\{[^}]*\})?(?: \[[^\]]*\])?$/gm, (_, path, region?: string) => {
      const language = path.split('.').at(-1)
      return `\`\`\`${language}\n${regionOf(readFileSync(join(folder, path), 'utf8'), region?.slice(1)).trimEnd()}\n\`\`\``
    })
    .replace(/\]\((?!https?:|#|mailto:|\/)([^)#\s]+\.md)(#[^)]*)?\)/g, (_, path, anchor = '') => {
      const target = join(dirname(file), path)
      const held = includedFiles[target.replace(/^(\.\.\/)+/, '')] ?? target
      return held.startsWith('..') ? `](${path}${anchor})` : `](${addressOf(held)}${anchor})`
    })
}

/** The lines between `#region name` and `#endregion name`; without a name, all. */
function regionOf(code: string, name: string | undefined): string {
  const lines = code.split('\n')
  if (name !== undefined) {
    const [from = 0, to] = ['#region', '#endregion'].map((mark) =>
      lines.findIndex((line) => line.endsWith(`${mark} ${name}`)),
    )
    return lines.slice(from + 1, to).join('\n')
  }
  return lines.filter((line) => !/#(end)?region\b/.test(line)).join('\n')
}
