import {
  GetSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import type { Credentials } from '@nightlatch/core'

/**
 * Credentials in AWS Secrets Manager, in a secret such as
 * `{"clientId": "...", "clientSecret": "..."}`.
 *
 * @param secretId name or ARN; the function reads its current version
 */
export function credentialsFromSecretsManager(
  client: SecretsManagerClient,
  secretId: string,
): () => Promise<Credentials> {
  return async () => {
    const { SecretString: text } = await client.send(
      new GetSecretValueCommand({ SecretId: secretId }),
    )
    const { clientId, clientSecret } = parse(text ?? '', secretId)
    return { clientId, clientSecret } as Credentials
  }
}

/** The error of `JSON.parse` would quote the secret. */
function parse(text: string, secretId: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(text) }
  } catch {
    throw new Error(`The secret ${secretId} holds no JSON`)
  }
}
