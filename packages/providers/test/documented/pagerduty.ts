import { pagerDuty } from '../../src/pagerduty.ts'
import { bearer, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: 'One scope names the account: `as_account-us.companysubdomain`. Tokens live for 30 days. The API takes its version in the header `Accept`.',
  provider: pagerDuty({ subdomain: 'companysubdomain', scopes: ['incidents.read', 'services.read'] }),
  request: {
    method: 'POST',
    url: 'https://identity.pagerduty.com/oauth/token',
    headers: { 'content-type': form },
    body: `${grant}&scope=as_account-us.companysubdomain+incidents.read+services.read&${posted}`,
  },
  answer: {
    body: {
      access_token: 'pdus+_0XBPWQQ_dfd3c718-4a46-400d-a8ec-45bab1fd417e',
      scope: 'as_account-us.companysubdomain incidents.read services.read',
      token_type: 'bearer',
      expires_in: 2592000,
    },
  },
  token: {
    value: 'pdus+_0XBPWQQ_dfd3c718-4a46-400d-a8ec-45bab1fd417e',
    lifetime: 2592000,
    scopes: ['as_account-us.companysubdomain', 'incidents.read', 'services.read'],
  },
  api: {
    url: 'https://api.pagerduty.com/incidents',
    headers: {
      ...bearer('pdus+_0XBPWQQ_dfd3c718-4a46-400d-a8ec-45bab1fd417e'),
      accept: 'application/vnd.pagerduty+json;version=2',
    },
  },
}
