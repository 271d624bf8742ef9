import type { Provider } from '@nightlatch/core'
import type { OptionDescription } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** The vendor and the product of each preset, by its name; sorted. */
export const titles = {
  adobe: 'Adobe',
  amadeus: 'Amadeus Self-Service',
  arcgis: 'Esri ArcGIS Online',
  auth0: 'Auth0',
  autodesk: 'Autodesk Platform Services',
  'bentley-itwin': 'Bentley iTwin Platform',
  'building-x': 'Siemens Building X',
  cognito: 'Amazon Cognito',
  concur: 'SAP Concur',
  copernicus: 'Copernicus Data Space Ecosystem',
  crowdstrike: 'CrowdStrike Falcon',
  databricks: 'Databricks',
  ebay: 'eBay',
  'entra-id': 'Microsoft Entra ID (Azure AD)',
  'genesys-cloud': 'Genesys Cloud',
  'honeywell-home': 'Honeywell Home (Resideo)',
  'insights-hub': 'Siemens Insights Hub (MindSphere)',
  keycloak: 'Keycloak',
  lark: 'Lark (Feishu)',
  marketo: 'Adobe Marketo Engage',
  matterport: 'Matterport',
  okta: 'Okta',
  openstack: 'OpenStack (Keystone)',
  ovhcloud: 'OVHcloud',
  pagerduty: 'PagerDuty',
  'palo-alto-sase': 'Palo Alto Networks SASE',
  paypal: 'PayPal',
  procore: 'Procore',
  sailpoint: 'SailPoint Identity Security Cloud',
  salesforce: 'Salesforce',
  'sap-xsuaa': 'SAP Business Technology Platform (XSUAA)',
  shopify: 'Shopify',
  sine: 'Sine (Honeywell Forge)',
  spotify: 'Spotify',
  stytch: 'Stytch',
  trimble: 'Trimble Identity',
  twilio: 'Twilio',
  ups: 'UPS',
  vipps: 'Vipps MobilePay',
  wechat: 'WeChat (Weixin)',
  x: 'X (Twitter)',
  zoom: 'Zoom',
} as const

/** The name of a preset, which is also the subpath of its module. */
export type PresetName = keyof typeof titles

/** The part of a provider's module that all modules share. */
interface PresetModule {
  readonly optionDescriptions: Readonly<Record<string, OptionDescription>>
  readonly facts: ProviderFacts
  /** The provider's function, whose options are checked before. */
  describe(options: object): Provider
}

/** Loads each module when it is used. */
export const presetModules: Readonly<Record<PresetName, () => Promise<PresetModule>>> = {
  adobe: async () => {
    const { adobe: describe, ...rest } = await import('./adobe.ts')
    return { ...rest, describe }
  },
  amadeus: async () => {
    const { amadeus: describe, ...rest } = await import('./amadeus.ts')
    return { ...rest, describe }
  },
  arcgis: async () => {
    const { arcgis: describe, ...rest } = await import('./arcgis.ts')
    return { ...rest, describe }
  },
  auth0: async () => {
    const { auth0: describe, ...rest } = await import('./auth0.ts')
    return { ...rest, describe }
  },
  autodesk: async () => {
    const { autodesk: describe, ...rest } = await import('./autodesk.ts')
    return { ...rest, describe }
  },
  'bentley-itwin': async () => {
    const { bentleyItwin: describe, ...rest } = await import('./bentley-itwin.ts')
    return { ...rest, describe }
  },
  'building-x': async () => {
    const { buildingX: describe, ...rest } = await import('./building-x.ts')
    return { ...rest, describe }
  },
  cognito: async () => {
    const { cognito: describe, ...rest } = await import('./cognito.ts')
    return { ...rest, describe }
  },
  concur: async () => {
    const { concur: describe, ...rest } = await import('./concur.ts')
    return { ...rest, describe }
  },
  copernicus: async () => {
    const { copernicus: describe, ...rest } = await import('./copernicus.ts')
    return { ...rest, describe }
  },
  crowdstrike: async () => {
    const { crowdstrike: describe, ...rest } = await import('./crowdstrike.ts')
    return { ...rest, describe }
  },
  databricks: async () => {
    const { databricks: describe, ...rest } = await import('./databricks.ts')
    return { ...rest, describe }
  },
  ebay: async () => {
    const { ebay: describe, ...rest } = await import('./ebay.ts')
    return { ...rest, describe }
  },
  'entra-id': async () => {
    const { entraId: describe, ...rest } = await import('./entra-id.ts')
    return { ...rest, describe }
  },
  'genesys-cloud': async () => {
    const { genesysCloud: describe, ...rest } = await import('./genesys-cloud.ts')
    return { ...rest, describe }
  },
  'honeywell-home': async () => {
    const { honeywellHome: describe, ...rest } = await import('./honeywell-home.ts')
    return { ...rest, describe }
  },
  'insights-hub': async () => {
    const { insightsHub: describe, ...rest } = await import('./insights-hub.ts')
    return { ...rest, describe }
  },
  keycloak: async () => {
    const { keycloak: describe, ...rest } = await import('./keycloak.ts')
    return { ...rest, describe }
  },
  lark: async () => {
    const { lark: describe, ...rest } = await import('./lark.ts')
    return { ...rest, describe }
  },
  marketo: async () => {
    const { marketo: describe, ...rest } = await import('./marketo.ts')
    return { ...rest, describe }
  },
  matterport: async () => {
    const { matterport: describe, ...rest } = await import('./matterport.ts')
    return { ...rest, describe }
  },
  okta: async () => {
    const { okta: describe, ...rest } = await import('./okta.ts')
    return { ...rest, describe }
  },
  openstack: async () => {
    const { openstack: describe, ...rest } = await import('./openstack.ts')
    return { ...rest, describe }
  },
  ovhcloud: async () => {
    const { ovhcloud: describe, ...rest } = await import('./ovhcloud.ts')
    return { ...rest, describe }
  },
  pagerduty: async () => {
    const { pagerDuty: describe, ...rest } = await import('./pagerduty.ts')
    return { ...rest, describe }
  },
  'palo-alto-sase': async () => {
    const { paloAltoSase: describe, ...rest } = await import('./palo-alto-sase.ts')
    return { ...rest, describe }
  },
  paypal: async () => {
    const { paypal: describe, ...rest } = await import('./paypal.ts')
    return { ...rest, describe }
  },
  procore: async () => {
    const { procore: describe, ...rest } = await import('./procore.ts')
    return { ...rest, describe }
  },
  sailpoint: async () => {
    const { sailpoint: describe, ...rest } = await import('./sailpoint.ts')
    return { ...rest, describe }
  },
  salesforce: async () => {
    const { salesforce: describe, ...rest } = await import('./salesforce.ts')
    return { ...rest, describe }
  },
  'sap-xsuaa': async () => {
    const { sapXsuaa: describe, ...rest } = await import('./sap-xsuaa.ts')
    return { ...rest, describe }
  },
  shopify: async () => {
    const { shopify: describe, ...rest } = await import('./shopify.ts')
    return { ...rest, describe }
  },
  sine: async () => {
    const { sine: describe, ...rest } = await import('./sine.ts')
    return { ...rest, describe }
  },
  spotify: async () => {
    const { spotify: describe, ...rest } = await import('./spotify.ts')
    return { ...rest, describe }
  },
  stytch: async () => {
    const { stytch: describe, ...rest } = await import('./stytch.ts')
    return { ...rest, describe }
  },
  trimble: async () => {
    const { trimble: describe, ...rest } = await import('./trimble.ts')
    return { ...rest, describe }
  },
  twilio: async () => {
    const { twilio: describe, ...rest } = await import('./twilio.ts')
    return { ...rest, describe }
  },
  ups: async () => {
    const { ups: describe, ...rest } = await import('./ups.ts')
    return { ...rest, describe }
  },
  vipps: async () => {
    const { vipps: describe, ...rest } = await import('./vipps.ts')
    return { ...rest, describe }
  },
  wechat: async () => {
    const { wechat: describe, ...rest } = await import('./wechat.ts')
    return { ...rest, describe }
  },
  x: async () => {
    const { x: describe, ...rest } = await import('./x.ts')
    return { ...rest, describe }
  },
  zoom: async () => {
    const { zoom: describe, ...rest } = await import('./zoom.ts')
    return { ...rest, describe }
  },
}
