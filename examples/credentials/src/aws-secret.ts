import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Credentials } from '@nightlatch/core'

/**
 * Credentials in AWS Secrets Manager, in a secret like `{"clientId": "...", "clientSecret": "..."}`. Asked for when first needed,
 * and after a refusal: a rotation costs one call a process.
 *
 * @param secretId name or ARN; its current version is read
 */
export function credentialsFromSecretsManager(
  client: SecretsManagerClient,
  secretId: string,
): () => Promise<Credentials> {
  return async () => {
    const { SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: secretId }))
    const { clientId, clientSecret } = parse(text ?? '', secretId)
    return { clientId, clientSecret } as Credentials
  }
}

/** The error of `JSON.parse` quotes what it could not read, and that is a secret. */
function parse(text: string, secretId: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(text) }
  } catch {
    throw new Error(`The secret ${secretId} holds no JSON`)
  }
}
