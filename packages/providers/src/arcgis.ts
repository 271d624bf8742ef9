import { clientSecretPost, type Provider, readPath } from '@nightlatch/core'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** The options of `arcgis` as data. */
export const optionDescriptions: OptionDescriptions<Record<string, never>> = {}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developers.arcgis.com/rest/users-groups-and-items/token',
  checked: '2026-11-30',
  answer: 'shape only',
}

/**
 * ArcGIS Online by Esri, with app authentication for location services. `client.fetch` reaches all hosts of arcgis.com.
 *
 * @returns a provider to pass to `createClient`
 * @see {@link https://developers.arcgis.com/rest/users-groups-and-items/token ArcGIS, Token}
 */
export function arcgis(): Provider {
  return {
    name: 'arcgis',
    tokenEndpoint: 'https://www.arcgis.com/sharing/rest/oauth2/token',
    clientAuthentication: clientSecretPost(),
    // Minutes.
    parameters: { expiration: '120' },
    apiOrigins: ['https://*.arcgis.com'],
    // "Invalid token" and "Token required", with status 200.
    tokenRejection: { body: (body) => [498, 499].includes(Number(readPath(body, 'error', 'code'))) },
  }
}
