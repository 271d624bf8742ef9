/** The API reference in the sidebar: the packages' pages in `docs/api`, which are written when the site is built. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DefaultTheme } from 'vitepress'
import { scope } from '../../tools/src/project.ts'

/** One group for each package, and in it one for each purpose, as the package's page has them. */
export function apiSidebar(docs: string): DefaultTheme.SidebarItem[] {
  return globSync(`api/${scope}/*/index.md`, { cwd: docs })
    .sort()
    .map((index) => {
      const folder = index.replace(/\/index\.md$/, '')
      const [, ...sections] = readFileSync(join(docs, index), 'utf8').split(/^## /m)
      const items = sections.map((section) => ({
        text: section.split('\n')[0] ?? '',
        items: [...section.matchAll(/^\| \[(\w+)\]\(([^)]+)\)/gm)].map(([, text = '', page = '']) => ({
          text,
          link: `/${folder}/${page}`,
        })),
      }))
      return { text: folder.replace(/^api\//, ''), link: `/${index}`, collapsed: true, items }
    })
}
