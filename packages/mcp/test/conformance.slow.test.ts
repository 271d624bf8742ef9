import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

interface Scenario {
  readonly name: string
  /** Checks of the scenario itself that must have run. */
  readonly passes: readonly string[]
  /** Checks of the authorization code grant, which no client of this kind can pass. */
  readonly ofOtherGrants?: readonly string[]
}

/** Scenarios of the extensions; both SDKs run them. */
const extensions: readonly Scenario[] = [
  { name: 'auth/client-credentials-basic', passes: ['client-credentials-basic-auth', 'valid-bearer-token'] },
  { name: 'auth/client-credentials-jwt', passes: ['client-credentials-jwt-verified', 'valid-bearer-token'] },
  { name: 'auth/wif-jwt-bearer', passes: ['wif-assertion-verified', 'valid-bearer-token'] },
]

/**
 * Scenarios of the base specification that end before a grant, or whose server accepts client credentials. Those that are left out
 * check the authorization request or the registration of a client alone.
 */
const base: readonly Scenario[] = [
  { name: 'auth/pre-registration', passes: ['pre-registration-auth', 'valid-bearer-token'] },
  { name: 'auth/resource-mismatch', passes: ['resource-mismatch-rejected'] },
  { name: 'auth/metadata-issuer-mismatch', passes: ['sep-2468-client-validate-metadata-issuer'] },
  {
    name: 'auth/token-endpoint-auth-basic',
    passes: ['token-endpoint-auth-method', 'resource-parameter-in-token', 'resource-parameter-matches-prm'],
    ofOtherGrants: ['resource-parameter-in-authorization'],
  },
  {
    name: 'auth/token-endpoint-auth-post',
    passes: ['token-endpoint-auth-method', 'resource-parameter-in-token', 'resource-parameter-matches-prm'],
    ofOtherGrants: ['resource-parameter-in-authorization'],
  },
  {
    name: 'auth/dpop',
    passes: ['sep-1932-client-dpop-auth-scheme', 'sep-1932-client-fresh-proof'],
    // The suite looks at the proof of an authorization code grant only.
    ofOtherGrants: ['sep-1932-client-token-request-proof'],
  },
  {
    name: 'auth/dpop-nonce',
    passes: ['sep-1932-client-dpop-auth-scheme', 'sep-1932-client-fresh-proof', 'sep-1932-client-rs-nonce'],
    ofOtherGrants: ['sep-1932-client-token-request-proof', 'sep-1932-client-as-nonce'],
  },
]

const cases = [
  ...[...extensions, ...base].map((scenario) => ({ ...scenario, client: '2 fetch' })),
  ...extensions.map((scenario) => ({ ...scenario, client: '2 authProvider' })),
  ...extensions.map((scenario) => ({ ...scenario, client: '1 fetch' })),
]

describe('the conformance suite of the Model Context Protocol', () => {
  it.each(cases)('SDK $client: $name', async ({ name, passes, ofOtherGrants = [], client }) => {
    const checks = await runScenario(name, client)
    const failed = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING').map(({ id }) => id)
    expect([...new Set(failed)]).toEqual(ofOtherGrants)
    const passed = checks.filter(({ status }) => status === 'SUCCESS').map(({ id }) => id)
    expect(passed).toEqual(expect.arrayContaining([...passes]))
  })
})

interface Check {
  readonly id: string
  readonly status: string
}

const suite = join(import.meta.dirname, '../node_modules/@modelcontextprotocol/conformance/dist/index.js')
const agent = join(import.meta.dirname, 'conformance/agent.ts')

/** Runs a scenario and reads its checks; the suite's exit status repeats them. */
async function runScenario(name: string, client: string): Promise<readonly Check[]> {
  const folder = await mkdtemp(join(tmpdir(), 'nightlatch-conformance-'))
  try {
    const command = `"${process.execPath}" --conditions=@nightlatch/source "${agent}" ${client}`
    const parameters = [suite, 'client', '--command', command, '--scenario', name, '--timeout', '50000', '-o', folder]
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, parameters, { cwd: folder, timeout: 58_000 }, (_, stdout, stderr) => {
        resolve(stdout + stderr)
      })
    })
    const results = (await readdir(folder, { recursive: true })).find((file) => file.endsWith('checks.json'))
    if (results === undefined) throw new Error(`The suite wrote no checks:\n${output}`)
    return JSON.parse(await readFile(join(folder, results), 'utf8')) as readonly Check[]
  } finally {
    await rm(folder, { recursive: true })
  }
}
