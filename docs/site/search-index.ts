/** Searches the built site as its search box does. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import MiniSearch from 'minisearch'
import { indexOptions, searchOptions } from '../.vitepress/search.ts'

export interface Found {
  /** Such as `/errors.html#timed_out`. */
  readonly id: string
  readonly score: number
}

/** @param folder where the built site stands */
export async function openSearch(folder: string): Promise<(query: string) => readonly Found[]> {
  const [file] = globSync('assets/chunks/@localSearchIndexroot.*.js', { cwd: folder })
  if (file === undefined) throw new Error(`${folder} has no search index. Build the site first: pnpm site`)
  const { default: json } = (await import(pathToFileURL(join(folder, file)).href)) as { readonly default: string }
  const index = MiniSearch.loadJSON(json, {
    storeFields: ['title', 'titles'],
    searchOptions,
    ...indexOptions,
  })
  return (query) => index.search(query).map(({ id, score }) => ({ id: String(id), score }))
}
