/** The pages of the API reference that TypeDoc does not write: what a package is for, and where each export is from. */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path/posix'
import { scope, sourceUrl } from '../../tools/src/project.ts'
import { guideOf, type Purpose, purposes } from './api-purposes.ts'

export interface ApiExport {
  readonly name: string
  readonly isFunction: boolean
  /** The first sentence of its docstring, as Markdown. */
  readonly summary: string
  /** Its page, from the package's folder in the reference. */
  readonly page: string
  /** Its source, from the repository's root, with the line as an anchor. */
  readonly source: string
}

export interface ApiPackage {
  readonly slug: string
  readonly name: string
  readonly description: string
  readonly exports: readonly ApiExport[]
}

interface Group {
  readonly title: string
  readonly guide: string
  readonly exports: readonly ApiExport[]
}

/** The exports of a package by purpose. Those without one are at the end. */
export function groupExports({ slug, exports }: ApiPackage): readonly Group[] {
  const listed: readonly Purpose[] = purposes[slug] ?? []
  const groups = listed.map(({ title, guide, names }) => ({
    title,
    guide,
    exports: names.flatMap((name) => exports.filter((one) => one.name === name)),
  }))
  const others = exports.filter(({ name }) => !listed.some(({ names }) => names.includes(name)))
  const guide = guideOf(slug)
  return [
    ...groups,
    { title: 'Functions', guide, exports: others.filter(({ isFunction }) => isFunction) },
    {
      title: groups.length > 0 ? 'Other types' : 'Types',
      guide,
      exports: others.filter(({ isFunction }) => !isFunction),
    },
  ].filter(({ exports: { length } }) => length > 0)
}

/** Writes the index of the reference and of each package, and the line below each title. */
export function writeApiPages(folder: string, packages: readonly ApiPackage[]): void {
  const rows = packages.map(({ slug, name, description }) => {
    const guide = `[guide](../${guideOf(slug)})`
    return `| [${name}](${name}/index.md) | ${description} | ${guide} |`
  })
  writeFileSync(
    join(folder, 'index.md'),
    `# API reference\n\nFor looking up a function, an option or a type: the exports of each package, by purpose. The guides show how they work together.\n\n| package | what it is for | |\n| --- | --- | --- |\n${rows.join('\n')}\n`,
  )
  for (const one of packages) writePackage(join(folder, one.name), one)
}

function writePackage(folder: string, one: ApiPackage): void {
  const groups = groupExports(one)
  const sections = groups.map(({ title, guide, exports }) => {
    const rows = exports.map(({ name, page, summary }) => `| [${name}](${page}) | ${summary.replaceAll('|', '\\|')} |`)
    return `## ${title}\n\n[Guide](${toGuide(guide, 'index.md')})\n\n| name | what it is |\n| --- | --- |\n${rows.join('\n')}\n`
  })
  writeFileSync(join(folder, 'index.md'), `# ${one.name}\n\n${one.description}\n\n${sections.join('\n')}`)
  for (const { guide, exports } of groups) for (const { page, source } of exports) addPlace(page, guide, source)

  function toGuide(guide: string, page: string): string {
    return relative(dirname(join('api', scope, one.slug, page)), guide)
  }

  function addPlace(page: string, guide: string, source: string): void {
    const file = join(folder, page)
    const [title = '', ...rest] = readFileSync(file, 'utf8').split('\n')
    const line = `Of [${one.name}](../index.md) · [Guide](${toGuide(guide, page)}) · [Source](${sourceUrl(source, 'blob')})`
    writeFileSync(file, [title, '', line, ...rest].join('\n'))
  }
}
