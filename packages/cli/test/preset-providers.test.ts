import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadPreset } from '@nightlatch/providers/presets'
import { type StandardEmulator, standardEmulation, startEmulator } from '@nightlatch/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { findNamedPreset, presetNames } from '../src/preset-providers.ts'
import { expectNoSecret, nightlatch } from './run-nightlatch.ts'
import { makeFolder } from './temporary-folder.ts'

let emulator: StandardEmulator | undefined
afterEach(async () => {
  await emulator?.close()
  emulator = undefined
})

/** OpenStack's Identity service: the only preset whose address is an option, so that it can be on this machine. */
async function startOpenstack(): Promise<{ readonly flags: readonly string[]; readonly env: Record<string, string> }> {
  emulator = await startEmulator(
    standardEmulation({
      tokenPath: '/v3/auth/tokens',
      tokenRequest: { bodyFormat: 'json', grantType: null },
      readCredentials: ({ body }) => {
        const { id, secret } = JSON.parse(body).auth.identity.application_credential
        return { clientId: id, clientSecret: secret }
      },
      writeGrant: ({ expiresAt }) => ({ token: { expires_at: expiresAt.toISOString() } }),
      writeGrantHeaders: ({ accessToken }) => ({ 'x-subject-token': accessToken }),
      readToken: ({ headers }) => headers.get('x-auth-token') ?? undefined,
    }),
  )
  const { url, apiUrl, credentials } = emulator
  return {
    flags: ['--client-id', credentials.clientId, '--identity', `${url}/v3`, '--api', apiUrl],
    env: { OPENSTACK_CLIENT_SECRET: credentials.clientSecret },
  }
}

describe('a preset by its name', () => {
  it('gets a token with its options as flags', async () => {
    const { flags, env } = await startOpenstack()
    const outcome = await nightlatch(['token', 'openstack', ...flags, '--json'], { env })
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(outcome.stdout)).toMatchObject({ provider: 'openstack', type: 'Bearer' })
  })

  it('takes its options from the environment, too', async () => {
    const { env } = await startOpenstack()
    const { url = '', apiUrl = '', credentials } = emulator ?? {}
    const names = { OPENSTACK_IDENTITY: `${url}/v3`, OPENSTACK_API: apiUrl }
    const all = { ...env, ...names, OPENSTACK_CLIENT_ID: credentials?.clientId ?? '' }
    expect(await nightlatch(['token', 'openstack'], { env: all })).toMatchObject({ status: 0 })
  })

  it('calls its API, and prints neither secret nor token', async () => {
    const { flags, env } = await startOpenstack()
    const outcome = await nightlatch(['call', 'openstack', 'servers', ...flags], { env })
    expect(outcome).toMatchObject({ status: 0 })
    expect(JSON.parse(outcome.stdout)).toMatchObject({ path: '/api/servers', authorized: true })
    const token = emulator?.requests.at(-1)?.headers.get('x-auth-token') ?? ''
    expect(token).not.toBe('')
    expect(outcome.stdout.includes(token)).toBe(false)
    if (emulator !== undefined) expectNoSecret(outcome, emulator)
  })

  it('is examined by the doctor', async () => {
    const { flags, env } = await startOpenstack()
    const outcome = await nightlatch(['doctor', 'openstack', ...flags, '--json'], { env })
    const { steps } = JSON.parse(outcome.stdout)
    expect(outcome.status, outcome.stdout).toBe(0)
    expect(JSON.stringify(steps)).toContain('OPENSTACK_CLIENT_SECRET')
  })

  it('names every missing option and its environment variable', async () => {
    const outcome = await nightlatch(['token', 'okta'], { env: { OKTA_CLIENT_SECRET: 'secret' } })
    expect(outcome).toMatchObject({ status: 2, stdout: '' })
    for (const missing of ['--client-id or OKTA_CLIENT_ID', '--domain or OKTA_DOMAIN', '--scopes or OKTA_SCOPES']) {
      expect(outcome.stderr).toContain(`missing: ${missing}`)
    }
  })

  it('reports the provider’s own error about an option', async () => {
    const flags = ['--client-id', 'id', '--tenant', 'a/b']
    const outcome = await nightlatch(['token', 'entra-id', ...flags], { env: { ENTRA_ID_CLIENT_SECRET: 'secret' } })
    expect(outcome).toMatchObject({ status: 2 })
    expect(outcome.stderr).toContain('tenant must not contain')
  })

  it('takes a secret option from the environment alone, and the doctor does not show it', async () => {
    const refused = await nightlatch(['token', 'vipps', '--subscription-key', 'key-of-vipps'])
    expect(refused.stderr).toContain("unknown option '--subscription-key'")
    const missing = await nightlatch(['token', 'vipps'], { env: { VIPPS_CLIENT_SECRET: 'secret' } })
    expect(missing.stderr).toContain('missing: VIPPS_SUBSCRIPTION_KEY')
    // Without a client id nothing is sent.
    const env = { VIPPS_SUBSCRIPTION_KEY: 'key-of-vipps', VIPPS_CLIENT_SECRET: 'secret' }
    const examined = await nightlatch(['doctor', 'vipps'], { env })
    expect(examined.stdout).toContain('subscriptionKey: 12 characters (VIPPS_SUBSCRIPTION_KEY)')
    expect(`${examined.stdout}${examined.stderr}`.includes('key-of-vipps')).toBe(false)
  })

  it('refuses a flag of another provider', async () => {
    const outcome = await nightlatch(['token', 'zoom', '--tenant', 'acme'])
    expect(outcome).toMatchObject({ status: 2 })
    expect(outcome.stderr).toContain("unknown option '--tenant'")
  })

  it('names the nearest preset for a misspelt name', async () => {
    const outcome = await nightlatch(['token', 'entra-ad'])
    expect(outcome).toMatchObject({ status: 2 })
    expect(outcome.stderr).toContain('Did you mean entra-id?')
  })

  it('yields to a client of the configuration file with its name, which takes no flags', async () => {
    const config = join(await makeFolder(), 'nightlatch.config.mjs')
    await writeFile(
      config,
      `export default { clients: { okta: {
        provider: { name: 'acme', tokenEndpoint: 'http://127.0.0.1:1/token' },
        credentials: { clientId: 'a', clientSecret: 'b' },
      } } }`,
    )
    const outcome = await nightlatch(['token', 'okta', '--domain', 'a.test', '--config', config])
    expect(outcome).toMatchObject({ status: 2 })
    expect(outcome.stderr).toContain('--domain is not a setting of okta')
  })
})

describe.each(presetNames)('%s', (name) => {
  it('has a flag for each option, in every command that takes it', async () => {
    const { options } = await loadPreset(name)
    const plan = await findNamedPreset(['token', name])
    expect(plan?.settings).toHaveLength(Object.keys(options).length + 2)
    for (const command of ['token', 'call', 'doctor']) {
      const { stdout } = await nightlatch([command, name, '--help'])
      const flags = (plan?.settings ?? []).filter(({ isSecret }) => isSecret !== true)
      for (const { flag } of flags) expect(stdout).toContain(flag.split(' ')[0])
    }
  })
})

it('help, the list of providers and completion know the names', async () => {
  const texts = await Promise.all(
    [['token', '--help'], ['providers'], ['completion', 'bash'], ['completion', 'fish']].map(
      async (parameters) => (await nightlatch(parameters)).stdout,
    ),
  )
  for (const text of texts) for (const name of presetNames) expect(text).toContain(name)
  const { presets } = JSON.parse((await nightlatch(['providers', '--json'])).stdout)
  expect(presets).toContainEqual({ name: 'entra-id', title: 'Microsoft Entra ID (Azure AD)' })
})

it('the first name counts: an argument may be called like a preset', async () => {
  expect(await findNamedPreset(['call', 'prevu3d', 'okta'])).toBeUndefined()
  expect(await findNamedPreset(['call', 'zoom', 'okta'])).toMatchObject({ name: 'zoom' })
})
