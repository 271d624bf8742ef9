import { describe, expect, it } from 'vitest'
import { readReport } from '../src/api-report.ts'
import { isOnNpm } from '../src/project.ts'
import { readDocument } from '../src/read-documents.ts'
import { publishedPackages, readText } from '../src/read-repository.ts'

/** Options that are few and of one function: the package's page tells of them. */
const TOLD_ELSEWHERE = ['JwtAuthenticationOptions']

describe.each(publishedPackages())('the README of $slug', ({ folder, manifest, isLibrary }) => {
  const text = readText(`${folder}/README.md`)
  const { prose, blocks } = readDocument(`${folder}/README.md`, text)
  const isCommand = manifest.bin !== undefined
  // Packages that are not published come from tarballs, and the command line runs from its sources.
  const install = isOnNpm
    ? manifest.name
    : isCommand
      ? 'npx -y pnpm@12 nightlatch'
      : 'npm install ../nightlatch/tarballs/*.tgz'
  const headings = prose.filter((line) => line.startsWith('## '))

  it('says what it is, before anything else', () => {
    const [title, ...lines] = prose.filter((line) => line !== '')
    expect(title).toBe(`# ${manifest.name}`)
    expect(lines[0]).toMatch(/^[A-Z[].{40,}/)
  })

  it('says how to install it, and shows in ten lines or so how to use it', () => {
    expect(blocks.some(({ language, code }) => language === 'sh' && code.includes(install))).toBe(true)
    const [first] = blocks.filter(({ language }) => language === (isCommand ? 'sh' : 'ts'))
    const lines = first?.code.split('\n').filter((line) => line !== '') ?? []
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.length).toBeLessThanOrEqual(16)
    expect(first?.code).toContain(isCommand ? install : `from '${manifest.name}'`)
  })

  it('has a table of options, and says what errors there are', () => {
    const at = headings.findIndex((heading) => /^## Options\b/.test(heading))
    expect(headings, 'a heading `## Options`, or one that begins so').toContain(headings[at])
    expect(headings).toContain('## Errors')
    expect(prose.slice(prose.indexOf(headings[at] ?? '')).some((line) => line.startsWith('| '))).toBe(true)
  })

  it.runIf(isLibrary)('has every option of every function in a table', () => {
    const { types } = readReport(readText(`${folder}/api.txt`))
    const taken = [...types.matchAll(/^export (?:function|class) [\s\S]*?$/gm)].flatMap(([declaration]) => [
      ...declaration.matchAll(/options\??: (\w+)/g),
    ])
    const names = taken.map(([, name = '']) => name).filter((name) => !TOLD_ELSEWHERE.includes(name))
    const told = prose
      .flatMap((line) => /^\| ([^|]*)/.exec(line)?.[1] ?? [])
      .flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => code.match(/\w+/g) ?? []))
    const options = new Set(names.flatMap((name) => membersOf(name, types)))
    expect([...options].filter((option) => !told.includes(option))).toEqual([])
  })
})

/** The options of a type, and of those it is put together from. */
function membersOf(name: string, types: string): readonly string[] {
  const [declaration = ''] =
    types.split('\n\n').filter((text) => new RegExp(`^(export )?(interface|type) ${name}\\b`).test(text)) ?? []
  const own = [...declaration.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member = '']) => member)
  const [head = ''] = declaration.split('\n')
  const others = [...head.replace(name, '').matchAll(/\b\w+(?:Options|Settings)\b/g)].map(([other]) => other)
  return [...own, ...others.flatMap((other) => membersOf(other, types))]
}
