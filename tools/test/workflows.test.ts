import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { filesIn, readText } from '../src/read-repository.ts'

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

interface Job {
  readonly needs?: string
  readonly if?: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes'?: number
  readonly steps: readonly { readonly uses?: string; readonly run?: string; readonly env?: object }[]
}

/** What a job may do besides reading the repository. */
const GRANTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'release.yml versions': { contents: 'write', 'pull-requests': 'write' },
  'release.yml publish': { contents: 'read', 'id-token': 'write' },
  'release.yml announce': { contents: 'write' },
}

const workflows = filesIn('.github/workflows', '*.{yml,yaml}').map((file) => {
  const text = readText(`.github/workflows/${file}`)
  return { file, text, ...(parse(text) as Workflow) }
})

describe('each workflow', () => {
  it('grants only the permissions listed here for each job', () => {
    expect(workflows.length).toBeGreaterThan(0)
    for (const { file, permissions, jobs } of workflows) {
      expect.soft(permissions, file).toEqual({})
      for (const [name, job] of Object.entries(jobs)) {
        expect.soft(job.permissions, `${file} ${name}`).toEqual(GRANTED[`${file} ${name}`] ?? { contents: 'read' })
      }
    }
  })

  it('pins actions to a commit and names its version', () => {
    for (const { file, text } of workflows) {
      const uses = text.split('\n').filter((line) => /^\s*(- )?uses:/.test(line))
      expect.soft(uses.length, file).toBeGreaterThan(0)
      const inexact = uses.filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+/.test(line))
      expect.soft(inexact, file).toEqual([])
    }
  })

  it('contains no secret and no expression in a script, and never runs foreign code with permissions', () => {
    for (const { file, text, on, jobs } of workflows) {
      expect.soft(text, file).not.toMatch(/\bsecrets\./)
      expect.soft(Object.keys(on), file).not.toContain('pull_request_target')
      expect.soft(Object.keys(on), file).not.toContain('workflow_run')
      const steps = Object.values(jobs).flatMap(({ steps }) => steps)
      expect
        .soft(
          steps.filter(({ run }) => run?.includes('${{')),
          file,
        )
        .toEqual([])
    }
  })

  it('has a timeout', () => {
    const jobs = workflows.flatMap(({ file, jobs }) => Object.entries(jobs).map(([name, job]) => ({ file, name, job })))
    const endless = jobs.filter(({ job }) => !((job['timeout-minutes'] ?? Number.POSITIVE_INFINITY) <= 30))
    expect(endless.map(({ file, name }) => `${file} ${name}`)).toEqual([])
  })
})

describe('a release', () => {
  const { jobs } = parse(readText('.github/workflows/release.yml')) as Workflow
  const scriptsOf = (name: string): string => (jobs[name]?.steps ?? []).map(({ run = '' }) => run).join('\n')
  const actionsOf = (name: string): string => (jobs[name]?.steps ?? []).map(({ uses = '' }) => uses).join('\n')

  it('runs tests, versions, build, publish and announce in order', () => {
    expect(scriptsOf('everything')).toContain('.ci/run')
    expect(Object.entries(jobs).map(([name, { needs }]) => [name, needs])).toEqual([
      ['everything', undefined],
      ['versions', 'everything'],
      ['build', 'versions'],
      ['publish', 'build'],
      ['announce', 'publish'],
    ])
    expect(jobs.build?.if).toContain('has-changesets')
  })

  it('publishes in one job, which runs no code of the repository and installs nothing', () => {
    const mayPublish = Object.entries(jobs).filter(([, { permissions }]) => permissions?.['id-token'] !== undefined)
    expect(mayPublish.map(([name]) => name)).toEqual(['publish'])
    expect(actionsOf('publish')).not.toContain('checkout')
    expect(scriptsOf('publish')).toMatch(/npm publish .*--provenance --ignore-scripts/)
    expect(scriptsOf('publish')).not.toMatch(/\bpnpm\b|\bnpx\b|npm (install|ci|exec|run)\b/)
  })

  it('runs a pnpm verified by its hash, and no install script', () => {
    const text = readText('.github/workflows/release.yml')
    expect(text).toMatch(/PNPM_SHA512: [0-9a-f]{128}\n/)
    for (const name of ['versions', 'build']) {
      expect(scriptsOf(name)).toContain('sha512sum --check')
      expect(scriptsOf(name)).not.toContain('npx')
      const installs = scriptsOf(name).match(/pnpm install.*/g) ?? []
      expect(installs.length).toBeGreaterThan(0)
      expect(installs.filter((line) => !line.includes('--ignore-scripts'))).toEqual([])
    }
  })

  it('contains the bills of materials', () => {
    expect(scriptsOf('build')).toContain('tools sboms')
    expect(scriptsOf('announce')).toMatch(/gh release upload .*\.cdx\.json/)
  })
})

it('a pull request runs everything', () => {
  const { on, jobs } = parse(readText('.github/workflows/ci.yml')) as Workflow
  expect(Object.keys(on)).toContain('pull_request')
  expect(Object.values(jobs).flatMap(({ steps }) => steps.map(({ run }) => run))).toContain('.ci/run')
})
