import { clientSecretBasic, type Provider } from '@nightlatch/core'

/** PayPal's REST APIs, in the sandbox or live. */
export function paypal({ sandbox = false }: { sandbox?: boolean } = {}): Provider {
  const origin = sandbox ? 'https://api-m.sandbox.paypal.com' : 'https://api-m.paypal.com'
  return {
    name: 'paypal',
    tokenEndpoint: `${origin}/v1/oauth2/token`,
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    api: origin,
  }
}
