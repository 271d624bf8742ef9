/** The search: what it indexes, and which pages come first. VitePress searches in the browser, with MiniSearch. */
import type { Options, SearchOptions } from 'minisearch'
import { movedPages } from './pages.ts'
import { keywords } from './search-keywords.ts'

/** Weights by the beginning of a page's path; the first that fits counts, and a page without one has 1. */
const weights: readonly (readonly [beginning: string, weight: number])[] = [
  ['/start', 2],
  ['/guides/', 1.5],
  ['/errors', 2],
  ['/install', 1.3],
  ['/providers/', 1.3],
  ['/workload-identity', 0.5],
  ['/api/', 0.1],
  // Pages with the words of all others, for readers who look for them by name.
  ['/decisions', 0.05],
  ['/benchmarks', 0.1],
  ['/fleet.', 0.1],
  ['/changelog', 0.1],
  ['/real-endpoints', 0.3],
  ['/glossary', 0.5],
  ['/dependencies', 0.5],
  ['/contents', 0.1],
]

/** Pages for contributors, which the search leaves out. */
const unsearched: readonly string[] = ['rules.md']

const stopWords = 'a an and are as at be by do for from how i in is it my of on or the this to use using what when with'

/** Of a section of a page, as the index stores it. */
interface StoredFields {
  readonly title?: string
  readonly titles?: readonly string[]
}

/**
 * What MiniSearch does with a query. VitePress writes these functions into the page as text, so each stands alone: the weights
 * and the stop words are part of its text.
 */
export const searchOptions: SearchOptions = {
  // Of a code, such as `invalid_client`, the parts alone are not looked for.
  tokenize: alone<(text: string) => string[]>(
    `(text) => (text.match(/[\\p{L}\\p{N}_]+(?:[.-][\\p{L}\\p{N}_]+)*/gu) ?? []).flatMap((word) =>
      /[_.]/.test(word) || !word.includes('-') ? [word] : [word, ...word.split('-')])`,
  ),
  boost: { title: 5, titles: 2, text: 1, keywords: 24 },
  // Codes such as `invalid_client` count more than their parts, and `AADSTS7000215` more than the words of its message.
  boostTerm: alone<(term: string) => number>(
    '(term) => /^[a-z]{4,}\\d{4,}$/.test(term) ? 40 : /[_.]/.test(term) ? 3 : 1',
  ),
  prefix: alone<(term: string) => boolean>('(term) => term.length > 2 && !/^\\d+$/.test(term)'),
  fuzzy: alone<(term: string) => number | boolean>('(term) => term.length > 5 && !/\\d/.test(term) ? 0.2 : false'),
  processTerm: alone<(term: string) => string | null>(
    `(term) => ${JSON.stringify(stopWords.split(' '))}.includes(term.toLowerCase()) ? null : term.toLowerCase()`,
  ),
  boostDocument: alone<(id: string, term: string, fields?: StoredFields) => number>(
    `(id, term, fields) => {
      const weight = (${JSON.stringify(weights)}.find(([beginning]) => id.startsWith(beginning)) ?? ['', 1])[1]
      const isPage = (fields?.titles ?? []).length === 0
      const isNamed = (fields?.title ?? '').toLowerCase().split(/[^\\p{L}\\p{N}_.]+/u).includes(term)
      return weight * (isPage ? 1.5 : 1) * (isNamed ? 2 : 1)
    }`,
  ),
}

/** How the index divides texts: `invalid_client` and `next.js` are words, and so are their parts. */
export const indexOptions: Pick<Options, 'tokenize' | 'fields' | 'extractField'> = {
  fields: ['title', 'titles', 'text', 'keywords'],
  extractField: alone<(section: IndexedSection, field: string) => string>(
    `(section, field) => {
      const [text, keywords = ''] = String(section.text ?? '').split('\\u001f')
      return field === 'keywords' ? keywords : field === 'text' ? text : section[field]
    }`,
  ),
  tokenize: alone<(text: string) => string[]>(
    `(text) => (text.match(/[\\p{L}\\p{N}_]+(?:[.-][\\p{L}\\p{N}_]+)*/gu) ?? []).flatMap((word) => {
      const parts = word.split(/[_.-]+/).filter((part) => part !== '')
      return parts.length > 1 ? [word, ...parts] : parts
    })`,
  ),
}

/** A function with this text and no surroundings. */
function alone<Function_>(text: string): Function_ {
  return new Function(`return ${text}`)() as Function_
}

/** What VitePress adds to the index. */
type IndexedSection = Readonly<Record<string, string>>

export interface Section {
  readonly anchor: string
  /** The headings above it, and its own. */
  readonly titles: string[]
  readonly text: string
}

/**
 * The sections of a rendered page. Unlike VitePress's own, it keeps the words of neighbouring cells and lines apart.
 *
 * @param file the page's whole path
 */
export function sectionsOf(file: string, html: string): Section[] {
  if (unsearched.some((name) => file.endsWith(`/docs/${name}`)) || file.endsWith('/docs/index.md')) return []
  const parts = html.split(/<h([1-6])[^>]*>(.*?)<a[^>]*? href="#([^"]*)"[^>]*>.*?<\/a><\/h\1>/s)
  const above: string[] = []
  const sections: Section[] = []
  for (let index = 1; index < parts.length; index += 4) {
    const level = Number(parts[index])
    const title = textOf(parts[index + 1] ?? '')
    above.length = level - 1
    sections.push({
      anchor: parts[index + 2] ?? '',
      titles: [...above.filter((one) => one !== undefined), title],
      text: textOf(parts[index + 3] ?? '') + (index === 1 ? keywordsOf(file) : ''),
    })
    above[level - 1] = title
  }
  return sections
}

/** Between a text and its keywords, which the index takes apart: VitePress hands over no field but its own. */
const keywordMark = '\u001f'

function keywordsOf(file: string): string {
  const [, words] = Object.entries(keywords).find(([page]) => file.endsWith(`/docs/${page}`)) ?? []
  return words === undefined ? '' : `${keywordMark}${words}`
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&', nbsp: ' ' }

function textOf(html: string): string {
  return html
    .replace(/<\/(?:p|li|td|th|h\d|div|pre|tr)>|<br>/g, ' ')
    .replace(/<button[^>]*>.*?<\/button>|<span class="lang">.*?<\/span>/g, '')
    .replace(/<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&(\w+);/g, (all, name) => entities[name] ?? all)
    .replace(/\s+/g, ' ')
    .trim()
}

/** The address of a page in the index, such as `/errors.html` for `errors.md`. */
export function indexedAddress(page: string): string {
  return `/${(movedPages[page] ?? page).replace(/\.md$/, '.html').replace(/(^|\/)index\.html$/, '$1')}`
}
