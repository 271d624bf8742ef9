import { paypal } from '../../src/paypal.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, raw',
  odd: 'Granted scopes are URLs.',
  provider: paypal({ sandbox: true }),
  request: {
    method: 'POST',
    url: 'https://api-m.sandbox.paypal.com/v1/oauth2/token',
    headers: { authorization: basic, 'content-type': form },
    body: grant,
  },
  // The vendor's page lacks the end of the sample response, which comes from a copy of it.
  answer: {
    body: {
      scope: 'https://uri.paypal.com/services/invoicing https://uri.paypal.com/services/disputes/read-buyer',
      access_token: 'A21AAFEpH4PsADK7qSS7pSRsgzfENtu-Q1ysgEDVDESseMHBYXVJYE8ovjj68elIDy8nF26AwPhfXTIeWAZHSLI',
      token_type: 'Bearer',
      app_id: 'APP-80W284485P519543T',
      expires_in: 31668,
      nonce: '2020-04-03T15:35:36ZaYZlGvEkV4yVSz8g6bAKFoGSEzuy3CQcz3ljhibkOHg',
    },
  },
  token: {
    value: 'A21AAFEpH4PsADK7qSS7pSRsgzfENtu-Q1ysgEDVDESseMHBYXVJYE8ovjj68elIDy8nF26AwPhfXTIeWAZHSLI',
    lifetime: 31668,
    scopes: ['https://uri.paypal.com/services/invoicing', 'https://uri.paypal.com/services/disputes/read-buyer'],
  },
  api: {
    url: 'https://api-m.sandbox.paypal.com/v2/invoicing/invoices',
    headers: bearer('A21AAFEpH4PsADK7qSS7pSRsgzfENtu-Q1ysgEDVDESseMHBYXVJYE8ovjj68elIDy8nF26AwPhfXTIeWAZHSLI'),
  },
  otherPages: [
    'https://developer.paypal.com/reference/get-an-access-token',
    'https://github.com/paypal/PayPal-TypeScript-Server-SDK/blob/main/src/client.ts',
  ],
}
