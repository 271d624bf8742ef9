import { join } from 'node:path'
import { type DefaultTheme, defineConfig, type UserConfig } from 'vitepress'
import { repositoryUrl } from '../../tools/src/project.ts'
import { apiSidebar } from './api-sidebar.ts'
import { headingAnchor } from './heading-anchor.ts'
import { movedPages, type Page, pageGroups } from './pages.ts'
import { repositoryLinks } from './repository-links.ts'
import { startPage } from './start-page.ts'

const linkOf = ({ title, file }: Page): { text: string; link: string } => ({
  text: title,
  link: `/${movedPages[file] ?? file}`,
})

const guides: DefaultTheme.SidebarItem[] = [
  ...pageGroups.map(({ title, pages }) => ({ text: title, items: pages.map(linkOf) })),
  { text: 'API reference', link: '/api/index.md' },
]

/** The pictures' green, in place of the theme's own colour. */
const green = `
html:root { --vp-c-brand-1: #16704f; --vp-c-brand-2: #1a7f5a; --vp-c-brand-3: #1a7f5a; --vp-c-brand-soft: #1a7f5a24 }
html.dark { --vp-c-brand-1: #4cc499; --vp-c-brand-2: #3fb68b; --vp-c-brand-3: #1a7f5a; --vp-c-brand-soft: #3fb68b29 }
`

const config: UserConfig<DefaultTheme.Config> = defineConfig({
  title: 'Nightlatch',
  description: 'OAuth 2.0 client credentials for TypeScript.',
  lang: 'en-GB',
  head: [
    ['link', { rel: 'icon', href: '/nightlatch.svg', type: 'image/svg+xml' }],
    ['style', {}, green],
  ],
  transformPageData(page) {
    if (page.relativePath === 'index.md') page.frontmatter = { ...startPage }
  },
  rewrites: { ...movedPages },
  markdown: {
    anchor: { slugify: headingAnchor },
    config: repositoryLinks,
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
      // Rules are for contributors. Their words are those of the pages that users look for.
      options: { _render: (source, env, md) => (env.relativePath === 'rules.md' ? '' : md.render(source, env)) },
    },
    socialLinks: [{ icon: 'github', link: repositoryUrl }],
    footer: { message: 'MIT licence' },
  },
})

export default config
