/** VitePress's theme with the site's colours, and with tabs. */
import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme'
import type { Component } from 'vue'
import './colours.css'
import './layout.css'
import './tabs.css'
import { Layout } from './layout.ts'
import { createSelections, PluginTabs, PluginTabsTab, selectionsKey } from './tabs.ts'

const theme: Theme = {
  extends: DefaultTheme,
  Layout,
  enhanceApp({ app }) {
    app.provide(selectionsKey, createSelections())
    app.component('PluginTabs', PluginTabs as Component)
    app.component('PluginTabsTab', PluginTabsTab as Component)
  },
}

export default theme
