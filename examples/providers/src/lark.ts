import { clientSecretOf, type Provider, readPath } from '@latchkey/core'

/** Lark (Feishu), for an app of one's own organisation. */
export function lark(): Provider {
  return {
    name: 'lark',
    tokenEndpoint: 'https://open.larksuite.com/open-apis/auth/v3/tenant_access_token/internal',
    tokenRequest: {
      bodyFormat: 'json',
      grantType: null,
      headers: { 'content-type': 'application/json; charset=utf-8' },
    },
    clientAuthentication: ({ parameters }, credentials) => {
      parameters.set('app_id', credentials.clientId)
      parameters.set('app_secret', clientSecretOf(credentials))
    },
    // A code other than 0 is a refusal, with whatever status.
    readTokenResponse: ({ body }) => ({
      accessToken: readPath(body, 'tenant_access_token'),
      expiresIn: readPath(body, 'expire'),
      error: readPath(body, 'code'),
      errorDescription: readPath(body, 'msg'),
    }),
    api: 'https://open.larksuite.com/open-apis',
  }
}
