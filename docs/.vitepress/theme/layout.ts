/** VitePress's layout with a link for feedback, and a page for addresses that lead nowhere. */
import { useData } from 'vitepress'
import DefaultTheme, { VPNavBarSearch } from 'vitepress/theme'
import { type Component, defineComponent, h, onMounted, type VNode } from 'vue'

export const Layout: Component = defineComponent({
  name: 'SiteLayout',
  setup: () => () =>
    h(DefaultTheme.Layout, null, { 'doc-footer-before': () => h(Feedback), 'not-found': () => h(NotFound) }),
})

const Feedback: Component = defineComponent({
  name: 'PageFeedback',
  setup() {
    const { page, theme } = useData()
    return () => {
      const title = encodeURIComponent(`Documentation: ${page.value.title}`)
      const text = 'Is something wrong or missing on this page? Report it.'
      return h('p', { class: 'feedback' }, h('a', { href: `${theme.value.feedback}?title=${title}` }, text))
    }
  },
})

/** Under this key VitePress keeps the text of the search box. */
const searchTextKey = 'vitepress:local-search-filter'

const links: readonly (readonly [string, string])[] = [
  ['/', 'Start'],
  ['/errors', 'Errors'],
  ['/contents', 'All pages'],
  ['/api/', 'API reference'],
]

const NotFound: Component = defineComponent({
  name: 'NotFound',
  setup() {
    // The words of the address are what the reader looks for.
    onMounted(() => {
      const words = location.pathname.replace(/\.html$/, '').match(/[\p{L}\p{N}]{2,}/gu) ?? []
      sessionStorage.setItem(searchTextKey, words.join(' '))
    })
    const link = ([href, text]: readonly [string, string]): VNode => h('li', h('a', { href }, text))
    return () =>
      h('main', { class: 'not-found vp-doc' }, [
        h('h1', 'Page not found'),
        h('p', 'No page has this address. It may have moved: search for it, or begin here.'),
        h(VPNavBarSearch),
        h('ul', links.map(link)),
      ])
  },
})
