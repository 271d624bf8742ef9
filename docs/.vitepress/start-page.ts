/** The head of the start page. It is data, and not in `docs/index.md`, since that page has no front matter to format. */
export const startPage: Readonly<Record<string, unknown>> = {
  layout: 'home',
  hero: {
    name: 'Nightlatch',
    text: 'One token for all your callers, processes and machines',
    tagline:
      'OAuth 2.0 client credentials for TypeScript, through expiry, rotation and outages. Not on npm yet: install it from a clone.',
    actions: [
      { theme: 'brand', text: 'Documentation', link: '/contents' },
      { theme: 'alt', text: 'Install', link: '/install' },
      { theme: 'alt', text: 'First call: Prevu3D', link: '/guides/prevu3d-first-call' },
      { theme: 'alt', text: 'First call: Hexagon', link: '/guides/hexagon-first-call' },
    ],
  },
}
