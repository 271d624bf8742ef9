import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What speaks the JSON protocol of AWS Secrets Manager, for one operation. */
export interface SecretsManagerServer extends AsyncDisposable {
  readonly url: string
  /** Secrets by their names. */
  readonly secrets: Map<string, string>
  /** What is answered in place of a secret, as an error's type. */
  failure: string | undefined
  /** The operations that were asked for. */
  readonly asked: readonly string[]
}

/** @see {@link https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html GetSecretValue} */
export async function startSecretsManager(): Promise<SecretsManagerServer> {
  const asked: string[] = []
  const secrets = new Map<string, string>()
  const started: { failure: string | undefined } = { failure: undefined }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk
    })
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target'])
      asked.push(operation)
      const send = (status: number, answer: object): void => {
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer))
      }
      const { SecretId: name } = JSON.parse(body)
      const text = secrets.get(name)
      if (!String(request.headers.authorization).startsWith('AWS4-HMAC-SHA256 ')) {
        send(400, { __type: 'MissingAuthenticationTokenException' })
      } else if (started.failure !== undefined) send(400, { __type: started.failure, Message: 'no' })
      else if (operation !== 'secretsmanager.GetSecretValue') send(400, { __type: 'UnknownOperationException' })
      else if (text === undefined) {
        send(400, { __type: 'ResourceNotFoundException', Message: "Secrets Manager can't find the specified secret." })
      } else {
        const version = { VersionId: '4f1c6f4e-0f3c-4a55-9e5c-1d2f6a7b8c9d', VersionStages: ['AWSCURRENT'] }
        const arn = `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}-a1b2c3`
        send(200, { ARN: arn, Name: name, SecretString: text, CreatedDate: 1_760_000_000, ...version })
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secrets,
    asked,
    get failure() {
      return started.failure
    },
    set failure(type) {
      started.failure = type
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
