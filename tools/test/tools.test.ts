import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exists, readManifest, readText, root } from '../src/read-repository.ts'
import { listTools, tools } from '../src/tools.ts'

const runTool = join(root, 'tools/src/run-tool.ts')

describe('the tools', () => {
  it('run existing files or installed programs', () => {
    const programs = Object.entries(tools).flatMap(([name, { steps }]) =>
      steps([]).map(({ program }) => ({ name, program })),
    )
    expect(programs.length).toBeGreaterThan(0)
    const isKnown = (program: string): boolean =>
      program === 'pnpm' || exists(program.endsWith('.ts') ? program : `node_modules/.bin/${program}`)
    expect(programs.filter(({ program }) => !isKnown(program))).toEqual([])
  })

  it('pass their parameters on', () => {
    // Raising versions and serving what a release needs are the same each time.
    const deaf = Object.entries(tools).filter(([, { steps }]) =>
      steps(['--given']).every(({ parameters = [] }) => !parameters.includes('--given')),
    )
    expect(deaf.map(([name]) => name)).toEqual(['version'])
  })

  it('are listed, one per line, without a name', () => {
    const printed = execFileSync(process.execPath, [runTool], { encoding: 'utf8' })
    expect(printed).toContain(listTools())
    for (const name of Object.keys(tools)) expect(printed).toMatch(new RegExp(`^ {2}${name} +\\S.{20,}$`, 'm'))
  })

  it('are those that CONTRIBUTING lists, with the same summaries', () => {
    const rows = [...readText('CONTRIBUTING.md').matchAll(/^\| `([\w:-]+)` +\| (.*?) +\|$/gm)]
    const listed = rows.map(([, name = '', summary = '']) => [name, summary])
    expect(listed).toEqual(expect.arrayContaining(Object.entries(tools).map(([name, { summary }]) => [name, summary])))
  })

  it('exit with the status of the failed step, and with 2 for an unknown name', () => {
    const unknown = spawnSync(process.execPath, [runTool, 'constructor'], { encoding: 'utf8' })
    expect(unknown).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('Unknown tool `constructor`'),
    })
    const failing = spawnSync(process.execPath, [runTool, 'sboms', join(runTool, 'no-folder')], { encoding: 'utf8' })
    expect(failing.status).toBe(1)
  })
})

it('the root has at most twelve scripts', () => {
  const scripts = Object.keys(readManifest('.').scripts ?? {})
  expect(scripts.length).toBeLessThanOrEqual(12)
})
