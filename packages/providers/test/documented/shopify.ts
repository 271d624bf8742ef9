import { shopify } from '../../src/shopify.ts'
import { type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: 'The store has its own token endpoint. Granted scopes are separated by commas. The API takes the token in `X-Shopify-Access-Token`. Tokens live for 24 hours.',
  provider: shopify({ shop: 'acme' }),
  request: {
    method: 'POST',
    url: 'https://acme.myshopify.com/admin/oauth/access_token',
    headers: { 'content-type': form },
    body: `${grant}&${posted}`,
  },
  // The vendor's page lacks the number in the sample response: 86399 stands for the documented 24 hours.
  answer: { body: { access_token: 'shpat_xxxxx', scope: 'read_products,write_products', expires_in: 86399 } },
  token: { value: 'shpat_xxxxx', lifetime: 86399, scopes: ['read_products', 'write_products'] },
  api: {
    url: 'https://acme.myshopify.com/admin/api/2026-10/graphql.json',
    headers: { 'x-shopify-access-token': 'shpat_xxxxx' },
  },
  emulation: { tokenRequest: { scopeSeparator: ',' } },
  otherPages: [
    'https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant',
  ],
}
