import { bearerToken, type TokenRequest, toTimestamp } from './token-request.ts'

const group = 'client.authentication.k8s.io'

/**
 * `--format exec-credential`: the ExecCredential that kubectl and other clients of Kubernetes read from a credential plugin.
 *
 * @see {@link https://kubernetes.io/docs/reference/config-api/client-authentication.v1/ Kubernetes, client authentication (v1)}
 */
export async function printExecCredential(request: TokenRequest): Promise<void> {
  const { value, expiresAt } = await bearerToken(request)
  const credential = {
    apiVersion: `${group}/${findVersion(request.io.env.KUBERNETES_EXEC_INFO)}`,
    kind: 'ExecCredential',
    status: {
      token: value,
      ...(expiresAt === undefined ? {} : { expirationTimestamp: toTimestamp(expiresAt) }),
    },
  }
  request.output.printToken(JSON.stringify(credential))
}

/** kubectl names the version that its configuration asks for, and rejects every other. */
function findVersion(execInfo: string | undefined): 'v1' | 'v1beta1' {
  try {
    const { apiVersion } = Object(JSON.parse(execInfo ?? '{}')) as { readonly apiVersion?: unknown }
    return apiVersion === `${group}/v1beta1` ? 'v1beta1' : 'v1'
  } catch {
    return 'v1'
  }
}
