/** The API reference in the sidebar: what `docs/api` holds when the site is built. */
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { DefaultTheme } from 'vitepress'
import { scope } from '../../tools/src/project.ts'

/** One group for each package, its names in alphabetical order. */
export function apiSidebar(docs: string): DefaultTheme.SidebarItem[] {
  return globSync(`api/${scope}/*/index.md`, { cwd: docs })
    .sort()
    .map((index) => {
      const folder = index.replace(/\/index\.md$/, '')
      const names = globSync('*/*.md', { cwd: join(docs, folder) })
        .map((file) => ({ text: basename(file, '.md'), link: `/${folder}/${file}` }))
        .sort((one, other) => one.text.localeCompare(other.text))
      return { text: folder.replace(/^api\//, ''), link: `/${index}`, collapsed: true, items: names }
    })
}
