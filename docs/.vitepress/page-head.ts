/** The elements of a page's head that name it to search engines and to previews. */
import type { HeadConfig } from 'vitepress'
import { siteUrl } from '../../tools/src/project.ts'

/** @param page its path on the site, such as `errors.md` */
export function headOf(page: string, title: string, description: string): HeadConfig[] {
  const address = `${siteUrl}/${page.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '.html')}`
  const property = (name: string, content: string): HeadConfig => ['meta', { property: `og:${name}`, content }]
  return [
    ['link', { rel: 'canonical', href: address }],
    property('type', 'website'),
    property('site_name', 'Nightlatch'),
    property('url', address),
    property('title', title),
    property('description', description),
    property('image', `${siteUrl}/social-card.png`),
    property('image:width', '1200'),
    property('image:height', '630'),
    property('image:alt', 'Nightlatch: one OAuth 2.0 token for all your callers, processes and machines'),
    ['meta', { name: 'twitter:card', content: 'summary_large_image' }],
  ]
}
