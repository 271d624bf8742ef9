import { inspect } from 'node:util'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { createClient } from '@nightlatch/core'
import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { credentialsFromSecretsManager } from '../src/aws-secret.ts'
import { type SecretsManagerServer, startSecretsManager } from './aws-secrets-server.ts'

/** The vendor's own client, pointed at a socket of this machine. */
function connect(server: SecretsManagerServer): SecretsManagerClient {
  const client = new SecretsManagerClient({
    endpoint: server.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a key for tests' },
  })
  onTestFinished(() => client.destroy())
  return client
}

describe('credentials in AWS Secrets Manager', () => {
  it('L8: are asked for once, and once more when the server has another secret', async () => {
    await using emulator = await startEmulator(standardEmulation())
    await using manager = await startSecretsManager()
    manager.secrets.set('acme/api', JSON.stringify({ ...emulator.credentials }))
    const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint }
    const credentials = credentialsFromSecretsManager(connect(manager), 'acme/api')
    await using client = createClient(acme, { credentials })

    const first = await client.token()
    const second = await client.token({ rejected: first })
    expect(manager.asked).toEqual(['secretsmanager.GetSecretValue'])

    manager.secrets.set('acme/api', JSON.stringify({ ...emulator.rotateSecret() }))
    expect((await client.token({ rejected: second })).type).toBe('Bearer')
    expect(manager.asked).toHaveLength(2)
  })

  it('L8: a manager that refuses leaves a live token alone, and is asked again', async () => {
    await using emulator = await startEmulator(standardEmulation())
    await using manager = await startSecretsManager()
    manager.secrets.set('acme/api', JSON.stringify({ ...emulator.credentials }))
    manager.failure = 'AccessDeniedException'
    const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint }
    const credentials = credentialsFromSecretsManager(connect(manager), 'acme/api')
    await using client = createClient(acme, { credentials })
    await expect(client.token()).rejects.toMatchObject({ name: 'AccessDeniedException' })
    expect(emulator.requests).toHaveLength(0)
    manager.failure = undefined
    const token = await client.token()
    manager.failure = 'AccessDeniedException'
    expect(await client.token()).toBe(token)
  })

  it('says which secret is not there', async () => {
    await using manager = await startSecretsManager()
    const credentials = credentialsFromSecretsManager(connect(manager), 'acme/api')
    await expect(credentials()).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  })

  it.each(['MARKED-secret', '', '{"clientId":"robot","clientSecret":"MARKED'])(
    'X1: quotes nothing of a secret that is no JSON: %j',
    async (text) => {
      await using manager = await startSecretsManager()
      manager.secrets.set('acme/api', text)
      const failure = await credentialsFromSecretsManager(connect(manager), 'acme/api')().catch(
        (error: unknown) => error,
      )
      expect(String(failure)).toContain('The secret acme/api holds no JSON')
      expect(inspect(failure, { depth: 10, showHidden: true }).includes('MARKED')).toBe(false)
    },
  )
})
