import { explainNetworkFailure, readNetworkFailure } from '@nightlatch/core'
import { CommandError } from '../command-error.ts'
import { timeoutOf } from '../connect.ts'
import { findCredentials, findError } from './sts-answer.ts'
import { bearerToken, type TokenRequest } from './token-request.ts'

/**
 * `--format aws-process`: temporary credentials of AWS, for `credential_process`. An access token is no AWS key, so the token is
 * exchanged at AWS's Security Token Service for the credentials of a role that trusts the token's issuer.
 *
 * @throws CommandError `wrong_usage` without a role, `api_refused` if AWS rejects the token, `api_unavailable`, `api_timed_out`
 * @see {@link https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html AWS, AssumeRoleWithWebIdentity}
 * @see {@link https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sourcing-external.html AWS, credential_process}
 */
export async function printAwsCredentials(request: TokenRequest): Promise<void> {
  const { flags, io, output } = request
  const roleArn = flags.roleArn ?? io.env.AWS_ROLE_ARN
  if (roleArn === undefined || roleArn === '') {
    throw new CommandError('wrong_usage', '--format aws-process requires --role-arn or AWS_ROLE_ARN', {
      hints: ['AWS accepts no access token as a key. Name a role whose trust policy accepts the issuer of the token.'],
    })
  }
  const { value } = await bearerToken(request)
  output.hide(value)
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: roleArn,
    RoleSessionName: flags.roleSessionName ?? io.env.AWS_ROLE_SESSION_NAME ?? 'nightlatch',
    WebIdentityToken: value,
  })
  const answer = await send(stsEndpoint(request), form, timeoutOf(request.target, flags))
  output.printToken(JSON.stringify({ Version: 1, ...answer }))
}

async function send(url: URL, body: URLSearchParams, timeout: number): Promise<object> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(timeout * 1000),
    })
    text = await response.text()
  } catch (failure) {
    if (failure instanceof Error && failure.name === 'TimeoutError') {
      throw new CommandError('api_timed_out', `${url.origin} did not answer within ${timeout} s`)
    }
    const { said, hints } = explainNetworkFailure(readNetworkFailure(failure))
    throw new CommandError('api_unavailable', `${url.origin} ${said}`, { hints })
  }
  const credentials = response.ok ? findCredentials(text) : undefined
  if (credentials !== undefined) return credentials
  const { code = 'no error code', message = '' } = findError(text)
  throw new CommandError('api_refused', `${url.origin} answered ${response.status} ${code}: ${message}`, {
    details: { status: response.status, url: url.origin },
    hints: [
      'AWS accepts a JWT of an issuer that is an identity provider in IAM, with an audience that is registered there.',
      "The role's trust policy must permit sts:AssumeRoleWithWebIdentity for the token's aud and sub. nightlatch doctor shows them.",
    ],
  })
}

/** @throws CommandError `wrong_usage` for an endpoint that is not https, unless it is on this machine */
function stsEndpoint({ flags, io: { env } }: TokenRequest): URL {
  const region = flags.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? ''
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  const address = env.AWS_ENDPOINT_URL_STS ?? `https://sts${region === '' ? '' : `.${region}`}.${domain}`
  const url = URL.parse(address)
  const isLocal = url?.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  if (url === null || (url.protocol !== 'https:' && !isLocal) || !/^[a-z0-9-]*$/.test(region)) {
    throw new CommandError('wrong_usage', `${address} is not an address of AWS's Security Token Service`, {
      hints: ['Check --region or AWS_REGION, and AWS_ENDPOINT_URL_STS, which must begin with https://.'],
    })
  }
  return url
}
