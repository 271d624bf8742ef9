/** Compiles each TypeScript block of the documents as a module, with the packages' compiler settings. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { CodeBlock } from './read-documents.ts'
import { root } from './read-repository.ts'

/** Inside the repository, so that blocks resolve the packages; not committed. */
export const blocksFolder: string = join(root, 'tools/.blocks')

/** Returns the compiler's errors, each with its file and line in the document. */
export async function compileBlocks(blocks: readonly CodeBlock[]): Promise<readonly string[]> {
  mkdirSync(blocksFolder, { recursive: true })
  const folder = mkdtempSync(join(blocksFolder, 'compile-'))
  try {
    const modules = blocks.map((_, index) => moduleOf(blocks, index))
    for (const [index, { code }] of modules.entries()) writeFileSync(join(folder, `${index}.ts`), code)
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: relative(folder, join(root, 'tsconfig.base.json')),
        compilerOptions: {
          types: ['node'],
          typeRoots: [relative(folder, join(root, 'node_modules/@types'))],
          moduleDetection: 'force',
          declaration: false,
          isolatedDeclarations: false,
          noUnusedLocals: false,
          noUnusedParameters: false,
        },
        include: ['*.ts'],
      }),
    )
    const output = await compile(folder)
    return output.map((line) => {
      const [, index, at, message] = /(?:^|[\\/])(\d+)\.ts\((\d+),\d+\): (.*)$/.exec(line) ?? []
      const place = modules[Number(index)]?.places[Number(at) - 1]
      return place === undefined ? line : `${place}: ${message}`
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Module {
  readonly code: string
  /** The file and line of each line of code. */
  readonly places: readonly string[]
}

/** A block, preceded by the blocks that it continues. */
function moduleOf(blocks: readonly CodeBlock[], index: number): Module {
  const block = blocks[index]
  if (block === undefined) return { code: '', places: [] }
  const before = block.isContinued && blocks[index - 1]?.file === block.file ? moduleOf(blocks, index - 1) : undefined
  const lines = block.code.split('\n').slice(0, -1)
  return {
    code: (before?.code ?? '') + block.code,
    places: [...(before?.places ?? []), ...lines.map((_, number) => `${block.file}:${block.line + number + 1}`)],
  }
}

/** Returns one error per line; indented continuation lines are joined. */
function compile(folder: string): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    execFile(
      process.execPath,
      [compiler, '--project', folder, '--pretty', 'false'],
      { cwd: root },
      (error, stdout, stderr) => {
        const output = `${stdout}${stderr}`.trim().replace(/\n\s+/g, ' ')
        resolve(error === null ? [] : output.split('\n'))
      },
    )
  })
}
