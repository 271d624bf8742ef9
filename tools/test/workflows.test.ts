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

const workflows = filesIn('.github/workflows', '*.{yml,yaml}').map((file) => {
  const text = readText(`.github/workflows/${file}`)
  return { file, text, ...(parse(text) as Workflow) }
})

describe('each workflow', () => {
  it('grants nothing but what a job asks for, and a job no more than it is listed with here', () => {
    expect(workflows.length).toBeGreaterThan(0)
    for (const { file, permissions, jobs } of workflows) {
      expect.soft(permissions, file).toEqual({})
      for (const [name, job] of Object.entries(jobs)) {
        expect.soft(job.permissions, `${file} ${name}`).toEqual(GRANTED[`${file} ${name}`] ?? { contents: 'read' })
      }
    }
  })

  it('uses actions by their commit, and says which version that is', () => {
    for (const { file, text } of workflows) {
      const uses = text.split('\n').filter((line) => /^\s*(- )?uses:/.test(line))
      expect.soft(uses.length, file).toBeGreaterThan(0)
      const inexact = uses.filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+/.test(line))
      expect.soft(inexact, file).toEqual([])
    }
  })

  it('holds no secret, writes no expression into a script, and never runs the code of strangers with rights', () => {
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

  it('ends by itself', () => {
    const jobs = workflows.flatMap(({ file, jobs }) => Object.entries(jobs).map(([name, job]) => ({ file, name, job })))
    const endless = jobs.filter(({ job }) => !((job['timeout-minutes'] ?? Number.POSITIVE_INFINITY) <= 30))
    expect(endless.map(({ file, name }) => `${file} ${name}`)).toEqual([])
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
