import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DefaultTheme, defineConfigWithTheme, type UserConfig } from 'vitepress'
import { tabsMarkdownPlugin } from 'vitepress-plugin-tabs'
import { repositoryUrl, siteUrl } from '../../tools/src/project.ts'
import { apiSidebar } from './api-sidebar.ts'
import { changelogPlugin } from './changelog.ts'
import { descriptionOf } from './descriptions.ts'
import { headingAnchor } from './heading-anchor.ts'
import { writeLlmsFiles } from './llms.ts'
import { headOf } from './page-head.ts'
import { movedPages, type Page, pageGroups } from './pages.ts'
import { repositoryLinks } from './repository-links.ts'
import { schemedPictures } from './schemed-pictures.ts'
import { indexOptions, searchOptions, sectionsOf } from './search.ts'
import { startPage } from './start-page.ts'

const docs = join(import.meta.dirname, '..')

const linkOf = ({ title, file }: Page): { text: string; link: string } => ({
  text: title,
  link: `/${movedPages[file] ?? file}`,
})

const guides: DefaultTheme.SidebarItem[] = [
  ...pageGroups.map(({ title, pages }) => ({ text: title, items: pages.map(linkOf) })),
  { text: 'API reference', link: '/api/index.md' },
]

/** `feedback` is where the link below each page leads. */
interface ThemeConfig extends DefaultTheme.Config {
  feedback: string
}

const config: UserConfig<ThemeConfig> = defineConfigWithTheme<ThemeConfig>({
  title: 'Nightlatch',
  description: 'OAuth 2.0 client credentials for TypeScript.',
  lang: 'en-GB',
  head: [['link', { rel: 'icon', href: '/nightlatch.svg', type: 'image/svg+xml' }]],
  lastUpdated: true,
  sitemap: { hostname: siteUrl },
  transformPageData(page) {
    if (page.relativePath === 'index.md') page.frontmatter = { ...startPage }
    // Pages of the reference are written from the sources, which each of them links to.
    if (page.filePath.startsWith('api/')) Object.assign(page.frontmatter, { editLink: false, lastUpdated: false })
    page.description = descriptionOf(page.filePath, readFileSync(join(docs, page.filePath), 'utf8'))
  },
  transformHead: ({ pageData: { relativePath }, title, description }) =>
    relativePath === '404.md' ? [] : headOf(relativePath, title, description),
  buildEnd: ({ outDir }) => writeLlmsFiles(outDir),
  rewrites: { ...movedPages },
  markdown: {
    // Their colours have a contrast of at least 4.5 to the ground of a code block.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    anchor: { slugify: headingAnchor },
    config: (md) => {
      md.use<[]>(tabsMarkdownPlugin as never)
      repositoryLinks(md)
      schemedPictures(md)
    },
  },
  // Pictures are files, and the index of the search, which is loaded when somebody searches, is as big as it is.
  vite: {
    plugins: [changelogPlugin()],
    build: { assetsInlineLimit: 0, chunkSizeWarningLimit: 2000 },
  },
  themeConfig: {
    logo: '/nightlatch.svg',
    nav: [
      { text: 'Documentation', link: '/contents' },
      { text: 'Errors', link: '/errors' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: {
      '/api/': [{ text: 'Documentation', link: '/contents' }, ...apiSidebar(docs)],
      '/': guides,
    },
    outline: [2, 3],
    editLink: { pattern: `${repositoryUrl}/edit/main/docs/:path`, text: 'Edit this page' },
    feedback: `${repositoryUrl}/issues/new`,
    search: {
      provider: 'local',
      options: {
        miniSearch: { options: indexOptions, searchOptions, _splitIntoSections: sectionsOf },
      },
    },
    socialLinks: [{ icon: 'github', link: repositoryUrl }],
    footer: { message: 'MIT licence' },
  },
})

export default config
