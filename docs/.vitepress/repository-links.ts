/** Links of documents are relative files, so that they work where the repository is hosted. This makes them work on the site, too. */
import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'
import { sourceUrl } from '../../tools/src/project.ts'
import { includedFiles, movedPages } from './pages.ts'

const docs: string = resolve(import.meta.dirname, '..')
const repository: string = dirname(docs)

/** Rewrites the links of a page as it is rendered. */
export function repositoryLinks(md: MarkdownRenderer): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null
      if (href !== null) token.attrSet('href', siteLink(href, env.realPath ?? env.path))
    }
  })
}

/**
 * Where a link leads on the site.
 *
 * @param href as it stands in the document
 * @param page the document's whole path
 */
export function siteLink(href: string, page: string): string {
  if (/^([a-z][a-z\d+.-]*:|\/|#)/i.test(href)) return href
  const [path = '', anchor] = href.split('#')
  const target = foldersOf(page)
    .map((folder) => resolve(folder, decodeURI(path)))
    .find((file) => existsSync(file))
  // VitePress says which page has a link that leads nowhere.
  if (target === undefined) return href
  const fromRoot = relative(repository, target)
  const fragment = anchor === undefined ? '' : `#${anchor}`
  const inDocs = relative(docs, target)
  const held = includedFiles[fromRoot] ?? (inDocs.startsWith('..') ? undefined : (movedPages[inDocs] ?? inDocs))
  // The page that holds a file names that file itself.
  const isItself = held !== undefined && join(docs, held) === page && target !== page
  if (held?.endsWith('.md') === true && !isItself) return `/${held}${fragment}`
  return sourceUrl(`${fromRoot}${fragment}`, statSync(target).isDirectory() ? 'tree' : 'blob')
}

/** The folder that a page's links start from; for a page that holds a file from elsewhere, that file's folder first. */
function foldersOf(page: string): readonly string[] {
  const name = relative(docs, page)
  const included = Object.keys(includedFiles).filter((file) => includedFiles[file] === name)
  return [...included.map((file) => dirname(join(repository, file))), dirname(page)]
}
