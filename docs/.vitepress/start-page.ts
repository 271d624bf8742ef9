/** The head of the start page. It is data, and not in `docs/index.md`, since that page has no front matter to format. */
export const startPage: Readonly<Record<string, unknown>> = {
  layout: 'home',
  hero: {
    name: 'Nightlatch',
    text: 'One token for all your callers, processes and machines',
    tagline:
      'OAuth 2.0 client credentials for TypeScript, through expiry, rotation and outages. Not on npm yet: install it from a clone.',
    actions: [
      { theme: 'brand', text: 'Start', link: '/start' },
      { theme: 'alt', text: 'All pages', link: '/contents' },
      { theme: 'alt', text: 'HTTP clients', link: '/http-clients' },
      { theme: 'alt', text: 'Vendors', link: '/providers' },
    ],
  },
}
