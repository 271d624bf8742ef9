import type { Provider } from '@nightlatch/core'
import {
  type ProviderSuite,
  type StandardEmulationOptions,
  type StandardEmulator,
  type StandardOffers,
  standardEmulation,
  testProvider,
} from '@nightlatch/testing'
import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import { endpoints } from '../page/documented.ts'

/** The oddest of them, against the conformance suite: the documents' own answers, and an emulation that asks as they do. */
const odd: Readonly<Record<string, { readonly emulation: StandardEmulationOptions; readonly hasApi?: false }>> = {
  openstack: {
    emulation: {
      tokenRequest: { bodyFormat: 'json', grantType: null },
      readCredentials: ({ body }) => {
        const { id, secret } = JSON.parse(body).auth.identity.application_credential
        return { clientId: id, clientSecret: secret }
      },
      writeGrant: ({ expiresAt }) => ({
        token: { methods: ['application_credential'], expires_at: expiresAt.toISOString().replace('Z', '000Z') },
      }),
      writeGrantHeaders: ({ accessToken }) => ({ 'x-subject-token': accessToken }),
      readToken: ({ headers }) => headers.get('x-auth-token') ?? undefined,
    },
  },
  lark: {
    emulation: {
      tokenRequest: {
        bodyFormat: 'json',
        grantType: null,
        clientIdParameter: 'app_id',
        clientSecretParameter: 'app_secret',
      },
      writeGrant: ({ accessToken, expiresIn }) => ({
        code: 0,
        msg: 'ok',
        tenant_access_token: accessToken,
        expire: expiresIn,
      }),
      writeRefusal: () => ({ body: { code: 10003, msg: 'invalid param' } }),
    },
  },
  wechat: {
    emulation: {
      tokenRequest: {
        method: 'GET',
        grantType: 'client_credential',
        clientIdParameter: 'appid',
        clientSecretParameter: 'secret',
      },
      onlyLatestToken: true,
      writeRefusal: () => ({ body: { errcode: 40013, errmsg: 'invalid appid' } }),
    },
    hasApi: false,
  },
  ups: {
    emulation: {
      basicEncoding: 'raw',
      tokenRequest: { headers: { 'x-merchant-id': 'A1B2C3' } },
      writeGrant: ({ accessToken, expiresIn }) => ({
        token_type: 'Bearer',
        access_token: accessToken,
        expires_in: String(expiresIn),
      }),
      writeRefusal: ({ status, error, errorDescription }) => ({
        status,
        body: { response: { errors: [{ code: error, message: errorDescription }] } },
      }),
    },
  },
  'insights-hub': {
    emulation: {
      tokenRequest: { bodyFormat: 'json', grantType: null },
      readCredentials: ({ headers }) => {
        const [, encoded = ''] = (headers.get('x-space-auth-key') ?? '').split(' ')
        const [clientId = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':')
        return { clientId, clientSecret: rest.join(':') }
      },
    },
  },
}

// The jitter of every wait before a retry: none of them takes any time.
beforeAll(() => void vi.spyOn(Math, 'random').mockReturnValue(0))
afterAll(() => void vi.restoreAllMocks())

for (const [slug, { emulation, hasApi = true }] of Object.entries(odd)) {
  const endpoint = endpoints.find((one) => one.slug === slug)
  if (endpoint === undefined) throw new Error(`${slug} is not documented`)
  const { title, answer, token, refusal } = endpoint
  const suite: ProviderSuite<StandardOffers, unknown> = {
    describe: describe.concurrent,
    it,
    emulation: () => standardEmulation(emulation),
    provider: ({ tokenEndpoint, apiUrl }: StandardEmulator): Provider => ({
      ...endpoint.provider,
      tokenEndpoint,
      ...(hasApi && { api: apiUrl }),
    }),
    ...(!hasApi && { apiUrl: null }),
    grants: [
      {
        what: 'the documented answer',
        ...answer,
        accessToken: token.value,
        expiresIn: token.lifetime,
        // When the answers that name an instant were given.
        givenAt: new Date('2018-01-15T21:14:05Z'),
      },
    ],
    refusals: refusal === undefined ? [] : [{ what: 'the documented one', status: 200, ...refusal }],
  }
  describe.concurrent(title, () => testProvider(suite))
}
