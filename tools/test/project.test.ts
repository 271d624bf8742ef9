import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startPage } from '../../docs/.vitepress/start-page.ts'
import { writePackageFiles } from '../../packages/cli/src/new-provider/write-pages.ts'
import { isOnNpm, oldestNode, repositoryUrl, scope, sourceUrl } from '../src/project.ts'
import { type Document, quotesIn, readDocument, readDocuments } from '../src/read-documents.ts'
import { publishedPackages, readText, repositoryFiles, root } from '../src/read-repository.ts'

const packages = publishedPackages()
const documents = readDocuments()
const files = repositoryFiles()

describe('the name of the project', () => {
  it('is not its former one, in any file or file name', () => {
    const former = new RegExp(['latch', 'key'].join(''), 'i') // in two parts, so that this file does not contain it
    const found = files.filter((file) => former.test(file) || former.test(readFileSync(join(root, file), 'latin1')))
    expect(found).toEqual([])
  })

  it('is the scope of every package, and of nothing else', () => {
    expect(packages.filter(({ slug, manifest }) => manifest.name !== `${scope}/${slug}`)).toEqual([])
  })
})

describe('the address of the repository', () => {
  const address = new RegExp(`github\\.com[/:]([\\w-]+/${repositoryUrl.split('/').at(-1)})\\b`, 'gi')
  const owner = repositoryUrl.replace('https://github.com/', '')

  it('is the same in every file', () => {
    const others = files.flatMap((file) =>
      [...readFileSync(join(root, file), 'latin1').matchAll(address)]
        .filter(([, name]) => name !== owner)
        .map(([text]) => `${file}: ${text}`),
    )
    expect(others).toEqual([])
  })

  it('is in the manifest of every package', () => {
    const wrong = packages.filter(({ folder }) => {
      const { homepage, bugs, repository } = JSON.parse(readText(`${folder}/package.json`))
      return (
        homepage !== `${sourceUrl(folder, 'tree')}#readme` ||
        bugs !== `${repositoryUrl}/issues` ||
        repository.url !== `git+${repositoryUrl}.git`
      )
    })
    expect(wrong.map(({ folder }) => folder)).toEqual([])
  })

  it('is the address for vulnerabilities, and the only one that publishes', () => {
    expect(readText('SECURITY.md')).toContain(`(${repositoryUrl}/security/advisories/new)`)
    expect(readText('.github/workflows/release.yml')).toContain(`github.repository == '${owner}'`)
  })
})

it('`nightlatch new --package` writes a manifest like those of this repository', () => {
  const written = writePackageFiles({ name: 'prevu3d', title: 'Prevu3D', identifier: 'prevu3d' })
  const { description, keywords, ...expected } = JSON.parse(readText('packages/prevu3d/package.json'))
  delete expected.devDependencies.valibot // of this provider alone
  expect(JSON.parse(written['package.json'] ?? '')).toMatchObject(expected)
})

describe('the oldest Node', () => {
  it('is the same in the manifest of every package', () => {
    const others = packages.filter(({ manifest }) => manifest.engines?.node !== `>=${oldestNode}`)
    expect(others.map(({ folder }) => folder)).toEqual([])
  })

  it('is the same in every document with requirements', () => {
    const requirement = /\b(?:requires?|needs?|supports?) Node(?:\.js)? (\d+(?:\.\d+)*)/gi
    const found = documents
      .filter(({ file }) => /^(README\.md|docs\/|packages\/)/.test(file))
      .flatMap(({ file, prose }) =>
        prose.flatMap((line) => [...line.matchAll(requirement)].map(([text, version]) => ({ file, text, version }))),
      )
    expect(found.length).toBeGreaterThan(3)
    expect(found.filter(({ version }) => version !== oldestNode)).toEqual([])
  })
})

describe(isOnNpm ? 'published packages' : 'packages that are not on npm yet', () => {
  const status = /not on npm yet/i

  it.runIf(!isOnNpm)('are said to be what they are, at the top of every README and on the start page', () => {
    const openings = ['README.md', 'docs/index.md', ...packages.map(({ folder }) => `${folder}/README.md`)]
    expect(openings.filter((file) => !status.test(readText(file).slice(0, 800)))).toEqual([])
    expect(JSON.stringify(startPage)).toMatch(status)
  })

  it.runIf(isOnNpm)('are installed from there, in every document', () => {
    const writer = 'packages/cli/src/new-provider/write-pages.ts'
    const texts = [...documents.map(({ file }) => file), 'docs/.vitepress/start-page.ts', writer]
    const others = texts.filter((file) => !['CONTRIBUTING.md', 'docs/install.md'].includes(file))
    expect(others.filter((file) => status.test(readText(file)) || readText(file).includes('tarballs/'))).toEqual([])
  })

  it.runIf(!isOnNpm)('have no version', () => {
    const released = packages.filter(({ manifest }) => manifest.version !== '0.0.0')
    expect(released.map(({ folder }) => folder)).toEqual([])
  })

  it.runIf(!isOnNpm)(
    'are never downloaded by a command in a document: npm would deliver what somebody else published',
    () => {
      const readme = writePackageFiles({ name: 'acme', title: 'Acme', identifier: 'acme' })['README.md'] ?? ''
      const blocks = [...documents, readDocument('README.md of nightlatch new', readme)].flatMap(({ blocks }) =>
        blocks.filter(({ language }) => /^(sh|bash|console)$/.test(language)),
      )
      const commands = blocks.flatMap(({ file, line, code }) =>
        code.split('\n').map((text, index) => ({ file, line: line + index + 1, text })),
      )
      expect(commands.length).toBeGreaterThan(50)
      expect(
        commands.filter(({ text }) => downloadsOurs(text)).map(({ file, line, text }) => `${file}:${line}: ${text}`),
      ).toEqual([])
    },
  )

  it.runIf(!isOnNpm)('are named in such a command in prose only where the sentence says from when on', () => {
    const found = documents.flatMap((document) =>
      quotesIn(document)
        .filter(({ text, line }) => downloadsOurs(text) && !says(document, line))
        .map(({ text, line }) => `${document.file}:${line}: ${text}`),
    )
    expect(found).toEqual([])
  })
})

/** A command that fetches one of our names from a registry. `npx --no` fetches nothing. */
function downloadsOurs(command: string): boolean {
  const fetches =
    /\b(?:(?:npm|pnpm|yarn|bun|deno)\s+(?:i|install|add|exec|create|x|dlx)|npx|bunx|pnpx)\b(?!\s+--no\b)(.*)/
  const [, words = ''] = fetches.exec(command.replace(/\bpnpm@\d+ (?:--dir \S+ |--silent )*nightlatch\b/, '')) ?? []
  return new RegExp(`(?:^|[\\s'"]|npm:)(?:${scope}/[\\w-]+|nightlatch)(?=$|[\\s'"@])`).test(words)
}

function says({ prose }: Document, line: number): boolean {
  return /\bon npm\b/.test(prose[line - 1] ?? '')
}
