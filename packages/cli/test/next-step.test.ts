import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findNearestName } from '@nightlatch/core'
import { prevu3dEmulation, smartCompletionsEmulation, startEmulator } from '@nightlatch/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { createCertificateAuthority } from '../../testing/test/certificates.ts'
import { startCertifiedServer } from './doctor/certified-server.ts'
import { hexagonEnv, prevu3dEnv } from './doctor/see-doctor.ts'
import { nightlatch, nightlatchProcess } from './run-nightlatch.ts'

const running: { close(): Promise<void> }[] = []
afterEach(() => Promise.all(running.splice(0).map((emulator) => emulator.close())))

/** The last hint of a failure, by both ways of printing it. */
async function nextStepOf(typed: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { stderr } = await nightlatch(typed, { env })
  const { stdout } = await nightlatch([...typed, '--json'], { env })
  const last: string = JSON.parse(stdout).error.hints.at(-1)
  expect(stderr.trimEnd().endsWith(`• ${last}`)).toBe(true)
  return last
}

describe('a failing token or call names doctor, with the same flags', () => {
  it('and that command runs as it stands', async () => {
    const emulator = await startEmulator(smartCompletionsEmulation())
    running.push(emulator)
    const { HEXAGON_CLIENT_SECRET: _, ...env } = hexagonEnv(emulator)
    const wrong = { ...env, HEXAGON_CLIENT_SECRET: 'a-wrong-client-secret' }
    const flags = ['--client-id', "it's an id", '--timeout', '7', '--client-authentication', 'post', '--scope', 'a b']
    const expected = `nightlatch doctor smart-completions --timeout 7 --client-id 'it'\\''s an id' --scope 'a b' --client-authentication post`
    expect(await nextStepOf(['token', 'smart-completions', ...flags], wrong)).toBe(
      `To find the cause, run: ${expected}`,
    )
    expect(await nextStepOf(['call', 'smart-completions', 'x', '-H', 'a: b', '-i', ...flags], wrong)).toBe(
      `To find the cause, run: ${expected}`,
    )
    const typed = ['doctor', 'smart-completions', ...flags, '--json']
    expect(JSON.parse((await nightlatch(typed, { env: wrong })).stdout).steps[0].details.settings).toContainEqual(
      expect.objectContaining({ name: 'scope', value: 'a b' }),
    )
  })

  it('whatever failed: settings, network, grant, discovery, API', async () => {
    const emulator = await startEmulator(prevu3dEmulation({ role: false }))
    running.push(emulator)
    const env = prevu3dEnv(emulator)
    const doctor = 'To find the cause, run: nightlatch doctor prevu3d'
    expect(await nextStepOf(['token', 'prevu3d'], {})).toBe(doctor)
    expect(await nextStepOf(['call', 'prevu3d', 'v1/nodes/{organization_id}/browse'], env)).toBe(doctor)
    expect(await nextStepOf(['call', 'prevu3d', 'https://evil.test/x'], env)).toBe(doctor)
    emulator.faults.set('api', { name: 'reset' })
    expect(await nextStepOf(['call', 'prevu3d', 'x'], env)).toBe(doctor)
    emulator.faults.set('discovery', { name: 'error', status: 500 })
    expect(await nextStepOf(['call', 'prevu3d', 'x', '--timeout', '1'], env)).toBe(`${doctor} --timeout 1`)
    emulator.faults.set('token', { name: 'reset' })
    expect(await nextStepOf(['token', 'prevu3d', '--timeout', '1'], env)).toBe(`${doctor} --timeout 1`)
  })

  it('repeatable flags one by one', async () => {
    const flags = ['--api-origin', 'https://a.test', '--api-origin', 'https://b.test']
    expect(await nextStepOf(['token', 'prevu3d', ...flags], {})).toBe(
      'To find the cause, run: nightlatch doctor prevu3d --api-origin https://a.test --api-origin https://b.test',
    )
  })
})

describe('wrong usage names the help', () => {
  for (const [typed, help] of [
    [['token'], 'nightlatch token --help'],
    [['call', 'prevu3d', 'x', '-H', 'y'], 'nightlatch call --help'],
    [['new', 'acme'], 'nightlatch new --help'],
    [['dance'], 'nightlatch --help'],
    [['token', 'acme'], 'nightlatch providers'],
  ] as const) {
    it(typed.join(' '), async () => {
      const hints: readonly string[] = JSON.parse((await nightlatch([...typed, '--json'])).stdout).error.hints
      expect(hints.join('\n')).toContain(help)
    })
  }
})

describe('the nearest right name', () => {
  for (const [typed, meant] of [
    [['tokn', 'prevu3d'], 'token'],
    [['provders'], 'providers'],
    [['doctr', 'prevu3d'], 'doctor'],
    [['token', 'prevud'], 'prevu3d'],
    [['doctor', 'smart-completion'], 'smart-completions'],
    [['call', 'smartapi', 'x'], 'smart-api'],
    [['token', 'prevu3d', '--client-di', 'x'], '--client-id'],
    [['token', 'prevu3d', '--timout=3'], '--timeout'],
    [['--jsn'], '--json'],
    [['token', 'smart-api', '--client-authentication', 'pots'], 'post'],
    [['completion', 'zhs'], 'zsh'],
  ] as const) {
    it(`${typed.join(' ')}: ${meant}`, async () => {
      const { status, stderr } = await nightlatch(typed)
      expect(status).toBe(2)
      expect(stderr).toContain(`• Did you mean ${meant}?\n`)
    })
  }

  it('is none where nothing is near', async () => {
    expect((await nightlatch(['token', 'salesforce'])).stderr).not.toContain('Did you mean')
    expect(findNearestName('x'.repeat(100_000), ['x'])).toBeUndefined()
  })

  it.each(['marked-secret', 'marked-secret\nsecond line'])(
    'a secret after a misspelt flag is not repeated: %j',
    async (secret) => {
      const { stdout, stderr } = await nightlatch(['token', 'prevu3d', `--client-secret=${secret}`])
      expect(`${stdout}${stderr}`).not.toContain('marked-secret')
      expect(stderr).toContain("unknown option '--client-secret'")
    },
  )
})

describe('a certificate that is refused is said to be one, with what to do', () => {
  it('self-signed, at the token endpoint and at the API', async () => {
    const emulator = await startEmulator(smartCompletionsEmulation())
    const server = await startCertifiedServer(emulator.host)
    running.push(emulator, server)
    const env = hexagonEnv(emulator)
    for (const flags of [
      ['token', 'smart-completions', '--token-endpoint', server.url],
      ['call', 'smart-completions', 'Instances(2)/Projects', '--host', server.url],
    ]) {
      const { status, stderr } = await nightlatch(flags, { env })
      expect(status).toBe(1)
      expect(stderr).toContain('its TLS certificate is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)')
      expect(stderr).not.toContain('did not answer')
      expect(stderr).toMatch(/• If .*NODE_EXTRA_CA_CERTS/)
    }
  })

  it('expired', async () => {
    const authority = await createCertificateAuthority()
    const server = await startCertifiedServer('http://127.0.0.1:9', { authority, begins: -10, ends: -1 })
    running.push(server)
    const folder = await mkdtemp(join(tmpdir(), 'nightlatch-'))
    try {
      const file = join(folder, 'authority.pem')
      await writeFile(file, authority.cert)
      const env = { NODE_EXTRA_CA_CERTS: file, PREVU3D_CLIENT_ID: 'id', PREVU3D_CLIENT_SECRET: 'a-client-secret' }
      const typed = ['token', 'prevu3d', '--cloud-api-url', server.url]
      const { status, stderr } = await nightlatchProcess(typed, { env })
      expect(status).toBe(1)
      expect(stderr).toContain('its TLS certificate has expired (CERT_HAS_EXPIRED)')
      expect(stderr).not.toContain('did not answer')
      expect(stderr).toMatch(/• .*renewed/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
