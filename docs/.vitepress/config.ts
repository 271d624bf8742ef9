import { join } from 'node:path'
import { type DefaultTheme, defineConfig, type UserConfig } from 'vitepress'
import { tabsMarkdownPlugin } from 'vitepress-plugin-tabs'
import { repositoryUrl } from '../../tools/src/project.ts'
import { apiSidebar } from './api-sidebar.ts'
import { headingAnchor } from './heading-anchor.ts'
import { movedPages, type Page, pageGroups } from './pages.ts'
import { repositoryLinks } from './repository-links.ts'
import { indexOptions, searchOptions, sectionsOf } from './search.ts'
import { startPage } from './start-page.ts'

const linkOf = ({ title, file }: Page): { text: string; link: string } => ({
  text: title,
  link: `/${movedPages[file] ?? file}`,
})

const guides: DefaultTheme.SidebarItem[] = [
  ...pageGroups.map(({ title, pages }) => ({ text: title, items: pages.map(linkOf) })),
  { text: 'API reference', link: '/api/index.md' },
]

const config: UserConfig<DefaultTheme.Config> = defineConfig({
  title: 'Nightlatch',
  description: 'OAuth 2.0 client credentials for TypeScript.',
  lang: 'en-GB',
  head: [['link', { rel: 'icon', href: '/nightlatch.svg', type: 'image/svg+xml' }]],
  transformPageData(page) {
    if (page.relativePath === 'index.md') page.frontmatter = { ...startPage }
  },
  rewrites: { ...movedPages },
  markdown: {
    anchor: { slugify: headingAnchor },
    config: (md) => {
      md.use<[]>(tabsMarkdownPlugin as never)
      repositoryLinks(md)
    },
  },
  // Pictures are files, and the index of the search, which is loaded when somebody searches, is as big as it is.
  vite: { build: { assetsInlineLimit: 0, chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    logo: '/nightlatch.svg',
    nav: [
      { text: 'Documentation', link: '/contents' },
      { text: 'Errors', link: '/errors' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: {
      '/api/': [{ text: 'Documentation', link: '/contents' }, ...apiSidebar(join(import.meta.dirname, '..'))],
      '/': guides,
    },
    outline: [2, 3],
    search: {
      provider: 'local',
      options: { miniSearch: { options: indexOptions, searchOptions, _splitIntoSections: sectionsOf } },
    },
    socialLinks: [{ icon: 'github', link: repositoryUrl }],
    footer: { message: 'MIT licence' },
  },
})

export default config
