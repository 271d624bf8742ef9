/** Tabs that stay in sync by their key. All panels are in the page, so that links, printers and search engines find them. */
import {
  computed,
  defineComponent,
  h,
  type InjectionKey,
  inject,
  onMounted,
  reactive,
  ref,
  useId,
  type VNode,
} from 'vue'

/** The selected labels by key, such as `{ packages: 'pnpm' }`. One per application. */
export type Selections = Record<string, string>

export const selectionsKey: InjectionKey<Selections> = Symbol('tab selections')

const storageKey = 'nightlatch:tabs'

export function createSelections(): Selections {
  return reactive<Selections>({})
}

/** A panel. `PluginTabs` renders the content, so that this component never renders alone. */
export const PluginTabsTab: unknown = defineComponent({
  name: 'PluginTabsTab',
  props: { label: { type: String, required: true } },
  setup:
    (_, { slots }) =>
    () =>
      slots.default?.(),
})

/** The tags that vitepress-plugin-tabs writes for `:::tabs key:packages`. */
export const PluginTabs: unknown = defineComponent({
  name: 'PluginTabs',
  props: { sharedStateKey: { type: String, default: '' } },
  setup({ sharedStateKey: key }, { slots }) {
    const selections = inject(selectionsKey, createSelections, true)
    const id = useId()
    const own = ref('')
    const root = ref<HTMLElement>()
    const panels = (): readonly VNode[] => (slots.default?.() ?? []).filter(({ type }) => type === PluginTabsTab)
    const labels = panels().map(({ props }) => String(props?.label))
    const selected = computed(() => {
      const label = key === '' ? own.value : (selections[key] ?? '')
      return Math.max(0, labels.indexOf(label))
    })

    onMounted(() => {
      Object.assign(selections, { ...readStored(), ...selections })
      selectLinked()
      addEventListener('hashchange', selectLinked)
    })

    function select(index: number): void {
      const label = labels[index] ?? ''
      const before = root.value?.getBoundingClientRect().top ?? 0
      if (key === '') own.value = label
      else {
        selections[key] = label
        writeStored(selections)
      }
      // Other tabs of this key change height above this one: what the reader clicked stays where it is.
      requestAnimationFrame(() => scrollBy({ top: (root.value?.getBoundingClientRect().top ?? before) - before }))
    }

    /** Opens the panel with the heading that the address names. */
    function selectLinked(): void {
      const target = location.hash === '' ? null : document.getElementById(decodeURIComponent(location.hash.slice(1)))
      const index = [...(root.value?.children ?? [])].slice(1).findIndex((panel) => panel.contains(target))
      if (target === null || index < 0) return
      select(index)
      requestAnimationFrame(() => target.scrollIntoView())
    }

    function moveFocus(event: KeyboardEvent): void {
      const step: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 }
      const { length } = labels
      const next =
        event.key === 'Home'
          ? 0
          : event.key === 'End'
            ? length - 1
            : (selected.value + (step[event.key] ?? 0) + length) % length
      if (step[event.key] === undefined && event.key !== 'Home' && event.key !== 'End') return
      event.preventDefault()
      select(next)
      root.value?.querySelectorAll<HTMLElement>(':scope > [role=tablist] > button')[next]?.focus()
    }

    return () =>
      h('div', { class: 'tabs', ref: root }, [
        h(
          'div',
          { role: 'tablist', onKeydown: moveFocus },
          labels.map((label, index) =>
            h(
              'button',
              {
                id: `tab-${id}-${index}`,
                role: 'tab',
                type: 'button',
                'aria-selected': index === selected.value,
                'aria-controls': `panel-${id}-${index}`,
                tabindex: index === selected.value ? 0 : -1,
                onClick: () => select(index),
              },
              label,
            ),
          ),
        ),
        panels().map((panel, index) =>
          h(
            'div',
            {
              id: `panel-${id}-${index}`,
              role: 'tabpanel',
              'aria-labelledby': `tab-${id}-${index}`,

              class: index === selected.value ? 'selected' : '',
            },
            [panel],
          ),
        ),
      ])
  },
})

function readStored(): Selections {
  try {
    return JSON.parse(localStorage.getItem(storageKey) ?? '{}')
  } catch {
    return {}
  }
}

/** A browser that forbids storage keeps the selection until the page is left. */
function writeStored(selections: Selections): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(selections))
  } catch {}
}
