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
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes'?: number
  readonly steps: readonly { readonly uses?: string; readonly run?: string; readonly env?: object }[]
}

/** What a job may do besides reading the repository. */
const GRANTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'release.yml release': { contents: 'write', 'pull-requests': 'write', 'id-token': 'write' },
}

const files = filesIn('.github/workflows', '*.{yml,yaml}')

describe.each(files)('the workflow %s', (file) => {
  const text = readText(`.github/workflows/${file}`)
  const { on, permissions, jobs } = parse(text) as Workflow

  it('grants nothing but what a job asks for, and a job no more than it is listed with here', () => {
    expect(permissions).toEqual({})
    for (const [name, job] of Object.entries(jobs)) {
      expect(job.permissions, name).toEqual(GRANTED[`${file} ${name}`] ?? { contents: 'read' })
    }
  })

  it('uses actions by their commit, and says which version that is', () => {
    const uses = text.split('\n').filter((line) => /^\s*(- )?uses:/.test(line))
    expect(uses.length).toBeGreaterThan(0)
    expect(uses.filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+/.test(line))).toEqual([])
  })

  it('holds no secret, writes no expression into a script, and never runs the code of strangers with rights', () => {
    expect(text).not.toMatch(/\bsecrets\./)
    expect(Object.keys(on)).not.toContain('pull_request_target')
    expect(Object.keys(on)).not.toContain('workflow_run')
    const steps = Object.values(jobs).flatMap(({ steps }) => steps)
    expect(steps.filter(({ run }) => run?.includes('${{'))).toEqual([])
  })

  it('ends by itself', () => {
    for (const [name, job] of Object.entries(jobs)) expect(job['timeout-minutes'], name).toBeLessThanOrEqual(30)
  })
})

describe('a release', () => {
  const { jobs } = parse(readText('.github/workflows/release.yml')) as Workflow

  it('is published by a job that runs no tests, after another has run them all', () => {
    expect(jobs.everything?.steps.map(({ run }) => run)).toContain('.ci/run')
    expect(jobs.release?.needs).toBe('everything')
    expect(jobs.release?.steps.map(({ run }) => run)).not.toContain('.ci/run')
  })

  it('brings the bills of materials', () => {
    const scripts = (jobs.release?.steps ?? []).map(({ run = '' }) => run).join('\n')
    expect(scripts).toContain('tools sboms')
    expect(scripts).toMatch(/gh release upload .*\.cdx\.json/)
  })
})

it('a pull request runs everything', () => {
  const { on, jobs } = parse(readText('.github/workflows/ci.yml')) as Workflow
  expect(Object.keys(on)).toContain('pull_request')
  expect(Object.values(jobs).flatMap(({ steps }) => steps.map(({ run }) => run))).toContain('.ci/run')
})
