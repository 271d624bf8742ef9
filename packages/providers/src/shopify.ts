import { clientSecretPost, hostLabel, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `shopify`. */
export interface ShopifyOptions {
  /** Name of the store, which is before .myshopify.com. */
  readonly shop: string
}

/** The options of `shopify` as data. */
export const optionDescriptions: OptionDescriptions<ShopifyOptions> = {
  shop: { type: 'string', required: true, description: 'name of the store, which is before .myshopify.com' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://shopify.dev/docs/apps/build/authentication-authorization/client-secrets',
  checked: '2026-11-30',
  answer: 'shape only',
}

/**
 * The Admin API of a Shopify store, with an app of the store's own organization.
 *
 * @param options `shop`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://shopify.dev/docs/apps/build/authentication-authorization/client-secrets Shopify, About client credentials}
 */
export function shopify(options: ShopifyOptions): Provider {
  const { shop } = checkOptions('shopify', options, optionDescriptions)
  const origin = `https://${hostLabel(shop, 'shop')}.myshopify.com`
  return {
    name: 'shopify',
    tokenEndpoint: `${origin}/admin/oauth/access_token`,
    tokenRequest: { scopeSeparator: ',' },
    clientAuthentication: clientSecretPost(),
    api: `${origin}/admin/api`,
    authorizeRequest: (headers, token) => headers.set('x-shopify-access-token', token.value),
  }
}
