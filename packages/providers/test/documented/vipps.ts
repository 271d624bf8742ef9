import { vipps } from '../../src/vipps.ts'
import { bearer, clientId, clientSecret, type DocumentedEndpoint } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'headers `client_id` and `client_secret`',
  odd: 'No body and no grant type. Every request has a subscription key in a header. The response has instants beside the lifetime.',
  provider: vipps({
    subscriptionKey: 'da7d5b0e18a84aeda961c0c31b75c2a9',
    merchantSerialNumber: '123456',
    test: true,
  }),
  request: {
    method: 'POST',
    url: 'https://apitest.vipps.no/accesstoken/get',
    headers: {
      client_id: clientId,
      client_secret: clientSecret,
      'ocp-apim-subscription-key': 'da7d5b0e18a84aeda961c0c31b75c2a9',
      'merchant-serial-number': '123456',
    },
  },
  answer: {
    body: {
      token_type: 'Bearer',
      expires_in: 3600,
      ext_expires_in: 3600,
      expires_on: 1547823408,
      not_before: 1547819508,
      resource: '00000002-0000-0000-c000-000000000000',
      access_token: 'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1Ni',
    },
  },
  token: { value: 'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1Ni', lifetime: 3600 },
  api: {
    url: 'https://apitest.vipps.no/epayment/v1/payments/acme-1',
    headers: {
      ...bearer('eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1Ni'),
      'ocp-apim-subscription-key': 'da7d5b0e18a84aeda961c0c31b75c2a9',
      'merchant-serial-number': '123456',
    },
  },
  emulation: {
    tokenRequest: {
      bodyFormat: 'none',
      headers: {
        'ocp-apim-subscription-key': 'da7d5b0e18a84aeda961c0c31b75c2a9',
        'merchant-serial-number': '123456',
      },
    },
    readCredentials: ({ headers }) => ({
      clientId: headers.get('client_id') ?? '',
      clientSecret: headers.get('client_secret') ?? '',
    }),
  },
  otherPages: ['https://developer.vippsmobilepay.com/docs/APIs/access-token-api'],
}
