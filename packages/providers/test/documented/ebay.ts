import { ebay } from '../../src/ebay.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, raw',
  odd: 'The token type is "Application Access Token". Tokens contain `^` and `#`.',
  provider: ebay(),
  request: {
    method: 'POST',
    url: 'https://api.ebay.com/identity/v1/oauth2/token',
    headers: { authorization: basic, 'content-type': form },
    body: `${grant}&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope`,
  },
  // The vendor's page lacks the lifetime: 7200 comes from published clients.
  answer: {
    body: {
      access_token: 'v^1.1#i^1#p^1#r^0#I^3#f^0#t^H4s...wu67e3xAhskz4DAAA',
      expires_in: 7200,
      token_type: 'Application Access Token',
    },
  },
  token: {
    value: 'v^1.1#i^1#p^1#r^0#I^3#f^0#t^H4s...wu67e3xAhskz4DAAA',
    lifetime: 7200,
    scopes: ['https://api.ebay.com/oauth/api_scope'],
  },
  api: {
    url: 'https://api.ebay.com/buy/browse/v1/item_summary/search?q=drone&limit=3',
    headers: bearer('v^1.1#i^1#p^1#r^0#I^3#f^0#t^H4s...wu67e3xAhskz4DAAA'),
  },
  otherPages: [
    'https://developer.ebay.com/api-docs/static/oauth-qref-client-credentials-grant.html',
    'https://developer.ebay.com/api-docs/commerce/taxonomy/resources/category_tree/methods/getCategory',
  ],
}
