import { describe, expect, it } from 'vitest'
import { readReport } from '../src/api-report.ts'
import { isOnNpm } from '../src/project.ts'
import { readDocument } from '../src/read-documents.ts'
import { publishedPackages, readText } from '../src/read-repository.ts'

/** Options that are few and of one function: the package's page tells of them. */
const TOLD_ELSEWHERE = ['ClientAssertionOptions', 'JwtAuthenticationOptions']

const readmes = publishedPackages().map(({ slug, folder, manifest, isLibrary }) => {
  const { prose, blocks } = readDocument(`${folder}/README.md`, readText(`${folder}/README.md`))
  // The gateway has a program, too, but is used as a library first.
  const isCommand = manifest.bin?.nightlatch !== undefined
  // Packages that are not published come from tarballs, and the command line runs from its sources.
  const clone = isCommand ? 'npx -y pnpm@12 nightlatch' : 'npm install ../nightlatch/tarballs/*.tgz'
  const install = isOnNpm ? manifest.name : clone
  return { slug, folder, manifest, isLibrary, prose, blocks, isCommand, install }
})

// An assertion that fails does not end these tests, so that one run lists every README that is wrong.
describe('the README of each package', () => {
  it('begins with what the package is', () => {
    for (const { slug, manifest, prose } of readmes) {
      const [title, ...lines] = prose.filter((line) => line !== '')
      expect.soft(title, slug).toBe(`# ${manifest.name}`)
      expect.soft(lines[0], slug).toMatch(/^[A-Z[].{40,}/)
    }
  })

  it('shows how to install and, in about ten lines, how to use it', () => {
    for (const { slug, manifest, blocks, isCommand, install } of readmes) {
      const shell = blocks.filter(({ language }) => language === 'sh').map(({ code }) => code)
      expect.soft(shell.join(''), slug).toContain(install)
      const [first] = blocks.filter(({ language }) => language === (isCommand ? 'sh' : 'ts'))
      const lines = first?.code.split('\n').filter((line) => line !== '') ?? []
      expect.soft(lines.length, slug).toBeGreaterThan(0)
      expect.soft(lines.length, slug).toBeLessThanOrEqual(16)
      expect.soft(first?.code, slug).toContain(isCommand ? install : `from '${manifest.name}'`)
    }
  })

  it('has a table of options, and lists the errors', () => {
    for (const { slug, prose } of readmes) {
      const headings = prose.filter((line) => line.startsWith('## '))
      const options = headings.find((heading) => /^## Options\b/.test(heading))
      expect.soft(options, `${slug}: a heading \`## Options\`, or one that begins so`).toBeDefined()
      expect.soft(headings, slug).toContain('## Errors')
      const below = prose.slice(prose.indexOf(options ?? ''))
      expect
        .soft(
          below.some((line) => line.startsWith('| ')),
          `${slug}: a table below ${options}`,
        )
        .toBe(true)
    }
  })

  it('has every option of every function in a table', () => {
    const missing = readmes
      .filter(({ isLibrary }) => isLibrary)
      .flatMap(({ slug, folder, prose }) => {
        const { types } = readReport(readText(`${folder}/api.txt`))
        const taken = [...types.matchAll(/^export (?:function|class) [\s\S]*?$/gm)].flatMap(([declaration]) => [
          ...declaration.matchAll(/options\??: (\w+)/g),
        ])
        const names = taken.map(([, name = '']) => name).filter((name) => !TOLD_ELSEWHERE.includes(name))
        const told = prose
          .flatMap((line) => /^\| ([^|]*)/.exec(line)?.[1] ?? [])
          .flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => code.match(/\w+/g) ?? []))
        const options = new Set(names.flatMap((name) => membersOf(name, types)))
        return [...options].filter((option) => !told.includes(option)).map((option) => `${slug}: ${option}`)
      })
    expect(missing).toEqual([])
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
