/** What the vendors' pages say of the endpoints that `src` describes: the page is written from it, and the tests serve it. */
import type { Credentials, Provider } from '@nightlatch/core'
import { adobe } from '../src/adobe.ts'
import { amadeus } from '../src/amadeus.ts'
import { arcgis } from '../src/arcgis.ts'
import { auth0 } from '../src/auth0.ts'
import { autodesk } from '../src/autodesk.ts'
import { bentleyItwin } from '../src/bentley-itwin.ts'
import { ebay } from '../src/ebay.ts'
import { entraId } from '../src/entra-id.ts'
import { honeywellHome } from '../src/honeywell-home.ts'
import { insightsHub } from '../src/insights-hub.ts'
import { keycloak } from '../src/keycloak.ts'
import { lark } from '../src/lark.ts'
import { matterport } from '../src/matterport.ts'
import { okta } from '../src/okta.ts'
import { openstack } from '../src/openstack.ts'
import { paypal } from '../src/paypal.ts'
import { procore } from '../src/procore.ts'
import { salesforce } from '../src/salesforce.ts'
import { sapXsuaa } from '../src/sap-xsuaa.ts'
import { trimble } from '../src/trimble.ts'
import { ups } from '../src/ups.ts'
import { wechat } from '../src/wechat.ts'
import { zoom } from '../src/zoom.ts'

/** A request as it must come, header by header; headers that are not named may be there, but for `authorization`. */
export interface DocumentedRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** A form as it is sent, or JSON. */
  readonly body?: string | object
}

export interface DocumentedAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

export interface DocumentedEndpoint {
  /** The name of the file in `src`. */
  readonly slug: string
  readonly title: string
  /** How the client authenticates, in a few words. */
  readonly authentication: string
  /** What is odd about it, in a sentence. */
  readonly odd: string
  /** What the vendor's pages, as far as we could read them, do not say. */
  readonly missing?: string
  readonly provider: Provider
  readonly request: DocumentedRequest
  readonly answer: DocumentedAnswer
  /** What becomes of the answer; `lifetime` in seconds, `undefined`: unknown. */
  readonly token: { readonly value: string; readonly lifetime: number | undefined; readonly scopes?: readonly string[] }
  /** A request to the API; left out where the token cannot travel in a header. */
  readonly api?: { readonly url: string; readonly headers: Readonly<Record<string, string>> }
  /** A documented refusal, and what becomes of it. */
  readonly refusal?: DocumentedAnswer & { readonly error: string; readonly errorDescription?: string }
  readonly sources: readonly (readonly [title: string, url: string])[]
}

/** The same for all of them: those that RFC 6749's own example of a Basic header has. */
export const credentials: Credentials & { readonly clientSecret: string } = {
  clientId: 's6BhdRkqt3',
  clientSecret: '7Fjfp0ZBr1KtDRbnfVdmIw',
}

const { clientId, clientSecret } = credentials
const basic = 'Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3'
const form = 'application/x-www-form-urlencoded'
const grant = 'grant_type=client_credentials'
const posted = `client_id=${clientId}&client_secret=${clientSecret}`

function bearer(value: string): { authorization: string } {
  return { authorization: `Bearer ${value}` }
}

export const endpoints: readonly DocumentedEndpoint[] = [
  {
    slug: 'autodesk',
    title: 'Autodesk Platform Services',
    authentication: 'Basic header, raw',
    odd: 'Credentials in header and body at once are refused with 400. Scopes belong to the token; there is a limit of 500 token requests a minute.',
    provider: autodesk(),
    request: {
      method: 'POST',
      url: 'https://developer.api.autodesk.com/authentication/v2/token',
      headers: { authorization: basic, 'content-type': form },
      body: `${grant}&scope=data%3Aread`,
    },
    answer: {
      body: { token_type: 'Bearer', expires_in: 1799, access_token: 'eyJhbGciOiJIUzI1NiIsImtpZCI6.eyJj.uzNexX' },
    },
    token: { value: 'eyJhbGciOiJIUzI1NiIsImtpZCI6.eyJj.uzNexX', lifetime: 1799, scopes: ['data:read'] },
    api: {
      url: 'https://developer.api.autodesk.com/oss/v2/buckets',
      headers: bearer('eyJhbGciOiJIUzI1NiIsImtpZCI6.eyJj.uzNexX'),
    },
    sources: [
      ['Get a 2-legged token', 'https://aps.autodesk.com/en/docs/oauth/v2/tutorials/get-2-legged-token'],
      ['token', 'https://aps.autodesk.com/en/docs/oauth/v2/reference/http/gettoken-POST'],
      [
        'the answer in full, in version 1',
        'https://aps.autodesk.com/en/docs/oauth/v1/tutorials/http/get-2-legged-token',
      ],
    ],
  },
  {
    slug: 'bentley-itwin',
    title: 'Bentley iTwin Platform',
    authentication: 'form',
    odd: 'A service application sees nothing until it is invited to an iTwin, by an e-mail address of its own.',
    missing:
      'the sample answer: this one is made of what is documented (Bearer, 3600 seconds). That id and secret go into the form is what published clients do.',
    provider: bentleyItwin(),
    request: {
      method: 'POST',
      url: 'https://ims.bentley.com/connect/token',
      headers: { 'content-type': form },
      body: `${grant}&scope=itwin-platform&${posted}`,
    },
    answer: { body: { access_token: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln', token_type: 'Bearer', expires_in: 3600 } },
    token: { value: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln', lifetime: 3600, scopes: ['itwin-platform'] },
    api: { url: 'https://api.bentley.com/itwins', headers: bearer('eyJhbGciOiJSUzI1NiJ9.e30.c2ln') },
    sources: [
      ['Authorize a service application', 'https://developer.bentley.com/apis/overview/authorization/service-app'],
      ['tutorial', 'https://developer.bentley.com/tutorials/authorize-service/'],
    ],
  },
  {
    slug: 'trimble',
    title: 'Trimble Identity',
    authentication: 'Basic header, raw',
    odd: "The scope is the application's name.",
    provider: trimble({ application: 'acme-app', api: 'https://app.connect.trimble.com/tc/api' }),
    request: {
      method: 'POST',
      url: 'https://id.trimble.com/oauth/token',
      headers: { authorization: basic, 'content-type': form },
      body: `${grant}&scope=acme-app`,
    },
    answer: { body: { token_type: 'bearer', expires_in: 3600, access_token: 'eyJhbGciOiJ...LaHpfIpRAzHak' } },
    token: { value: 'eyJhbGciOiJ...LaHpfIpRAzHak', lifetime: 3600, scopes: ['acme-app'] },
    api: {
      url: 'https://app.connect.trimble.com/tc/api/2.0/regions',
      headers: bearer('eyJhbGciOiJ...LaHpfIpRAzHak'),
    },
    sources: [['Client credentials', 'https://developer.trimble.com/docs/authentication/guides/client-credentials']],
  },
  {
    slug: 'procore',
    title: 'Procore',
    authentication: 'JSON body',
    odd: 'The time of issue comes as Unix seconds beside the lifetime. With several regions, requests must name the company in a header.',
    provider: procore({ companyId: '7656' }),
    request: {
      method: 'POST',
      url: 'https://login.procore.com/oauth/token',
      headers: { 'content-type': 'application/json' },
      body: { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret },
    },
    answer: {
      body: {
        access_token: 'eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzUxMiJ9xeyJhaWQiOiIwY2I3ZDc1...',
        token_type: 'bearer',
        expires_in: 5400,
        created_at: 1511289006,
      },
    },
    token: { value: 'eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzUxMiJ9xeyJhaWQiOiIwY2I3ZDc1...', lifetime: 5400 },
    api: {
      url: 'https://api.procore.com/rest/v1.0/projects?company_id=7656',
      headers: {
        ...bearer('eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzUxMiJ9xeyJhaWQiOiIwY2I3ZDc1...'),
        'procore-company-id': '7656',
      },
    },
    sources: [['OAuth client credentials', 'https://procore.github.io/documentation/oauth-client-credentials']],
  },
  {
    slug: 'arcgis',
    title: 'Esri ArcGIS Online',
    authentication: 'form',
    odd: 'The lifetime that is asked for is in minutes. Refusals come with status 200. The token goes into the query, or into a header of its own.',
    missing:
      'the sample answer and the sample refusal: they are put together from published clients, which read `access_token` and `expires_in`, and errors within `error`.',
    provider: arcgis(),
    request: {
      method: 'POST',
      url: 'https://www.arcgis.com/sharing/rest/oauth2/token',
      headers: { 'content-type': form },
      body: `${grant}&expiration=120&${posted}`,
    },
    answer: { body: { access_token: '3NKHt6i2urmWtqOuugvr9', expires_in: 7200 } },
    token: { value: '3NKHt6i2urmWtqOuugvr9', lifetime: 7200 },
    api: {
      url: 'https://places-api.arcgis.com/arcgis/rest/services/places-service/v1/places/near-point?x=-3.1883&y=55.9533',
      headers: { 'x-esri-authorization': 'Bearer 3NKHt6i2urmWtqOuugvr9' },
    },
    refusal: {
      body: { error: { code: 400, error: 'invalid_client_id', error_description: 'Invalid client_id' } },
      error: 'invalid_client_id',
      errorDescription: 'Invalid client_id',
    },
    sources: [
      ['Token', 'https://developers.arcgis.com/rest/users-groups-and-items/token'],
      [
        'HTTP authorization headers',
        'https://developers.arcgis.com/documentation/security-and-authentication/reference/http-authorization-headers/',
      ],
    ],
  },
  {
    slug: 'matterport',
    title: 'Matterport',
    authentication: 'form',
    odd: 'Client credentials are for organisations with Private Model Embed. The API answers with other tokens called `accessToken`, which are for browsers.',
    provider: matterport(),
    request: {
      method: 'POST',
      url: 'https://api.matterport.com/api/oauth/token',
      headers: { 'content-type': form },
      body: `${grant}&${posted}`,
    },
    answer: {
      body: {
        access_token: 'YOUR-ACCESS-TOKEN',
        token_type: 'Bearer',
        expires_in: 3599,
        scope: 'ViewPublic ViewDetails',
      },
    },
    token: { value: 'YOUR-ACCESS-TOKEN', lifetime: 3599, scopes: ['ViewPublic', 'ViewDetails'] },
    api: { url: 'https://api.matterport.com/api/models/graph', headers: bearer('YOUR-ACCESS-TOKEN') },
    sources: [['Private Model Embed', 'https://matterport.github.io/developer-docs/oauth/private-model-embed/']],
  },
  {
    slug: 'insights-hub',
    title: 'Siemens Insights Hub (MindSphere)',
    authentication: 'Basic, in the header `X-SPACE-AUTH-KEY`',
    odd: 'The request is JSON about an application and its tenants, without a grant type.',
    missing:
      'the end of the sample answer: `token_type` and `expires_in` are taken from published clients, which also find a `timestamp` in milliseconds there.',
    provider: insightsHub({
      region: 'eu1',
      appName: 'application_x',
      appVersion: '1.0.0',
      hostTenant: 'host_tenant',
      userTenant: 'user_tenant_1',
    }),
    request: {
      method: 'POST',
      url: 'https://gateway.eu1.mindsphere.io/api/technicaltokenmanager/v3/oauth/token',
      headers: { 'x-space-auth-key': basic, 'content-type': 'application/json' },
      body: {
        appName: 'application_x',
        appVersion: '1.0.0',
        hostTenant: 'host_tenant',
        userTenant: 'user_tenant_1',
      },
    },
    answer: {
      body: {
        access_token: 'eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS1pZC0xIiwidHlwIjoiSldUIn0.eyJqdGkiOiI4NjhhO.c2ln',
        token_type: 'bearer',
        expires_in: 1799,
        timestamp: 1612097880000,
      },
    },
    token: {
      value: 'eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS1pZC0xIiwidHlwIjoiSldUIn0.eyJqdGkiOiI4NjhhO.c2ln',
      lifetime: 1799,
    },
    api: {
      url: 'https://gateway.eu1.mindsphere.io/api/iotfile/v3/files/4711',
      headers: bearer('eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS1pZC0xIiwidHlwIjoiSldUIn0.eyJqdGkiOiI4NjhhO.c2ln'),
    },
    sources: [
      [
        'Token Management Service, samples',
        'https://developer.siemens.com/insights-hub/docs/apis/exchange-tokenmanager/api-tokenmanager-samples.html',
      ],
    ],
  },
  {
    slug: 'sap-xsuaa',
    title: 'SAP Business Technology Platform (XSUAA)',
    authentication: 'Basic header, raw, with the client id in the form, too',
    odd: "The host is the subaccount's, in a region; client ids hold `!`, and secrets end in `=`.",
    provider: sapXsuaa({ subdomain: 'oursubaccount', region: 'eu10', api: 'https://api.example.com' }),
    request: {
      method: 'POST',
      url: 'https://oursubaccount.authentication.eu10.hana.ondemand.com/oauth/token',
      headers: { authorization: basic, 'content-type': form },
      body: `${grant}&client_id=${clientId}`,
    },
    answer: {
      headers: { 'content-type': 'application/json;charset=UTF-8' },
      body: {
        access_token: 'eyJ***mh0d',
        token_type: 'bearer',
        expires_in: 43199,
        scope: 'uaa.re***.subscription.read',
        jti: 'df6cb84439a541fab33d5b7c298debe1',
      },
    },
    token: { value: 'eyJ***mh0d', lifetime: 43199, scopes: ['uaa.re***.subscription.read'] },
    api: { url: 'https://api.example.com/v1/things', headers: bearer('eyJ***mh0d') },
    sources: [
      [
        'Getting an application access token',
        'https://github.com/SAP-docs/btp-cloud-platform/blob/main/docs/30-development/getting-an-application-access-token-6391b5d.md',
      ],
      ['the host', 'https://sap-samples.github.io/cloud-for-utilities-foundation-samples/Extensibility/Access-Token'],
    ],
  },
  {
    slug: 'salesforce',
    title: 'Salesforce',
    authentication: 'form',
    odd: 'The answer has no lifetime: the token is kept for a minute, unless you set `defaultLifetime` to what your org allows. The answer says where the API is.',
    provider: salesforce({ myDomain: 'instance-name' }),
    request: {
      method: 'POST',
      url: 'https://instance-name.my.salesforce.com/services/oauth2/token',
      headers: { 'content-type': form },
      body: `${grant}&${posted}`,
    },
    answer: {
      body: {
        access_token: '00DS7000000oxzo!AR8AQPXAhJNveaXDdPzbrtXqPykdVxBxtbLycpiyPmKyJm0Ku8gKKztulObJ1dhJU8Jt9W8k7',
        signature: 'nUFHwtfIGLKDTHcLWmDBG8frv0t+HQGl/iCZFIQUarE=',
        token_format: 'opaque',
        instance_url: 'https://instance-name.my.salesforce.com',
        id: 'https://login.salesforce.com/id/00Dd000000XXXXXXX/005d000000XXXXX',
        token_type: 'Bearer',
        issued_at: '1758210923104',
      },
    },
    token: {
      value: '00DS7000000oxzo!AR8AQPXAhJNveaXDdPzbrtXqPykdVxBxtbLycpiyPmKyJm0Ku8gKKztulObJ1dhJU8Jt9W8k7',
      lifetime: undefined,
    },
    api: {
      url: 'https://instance-name.my.salesforce.com/services/data/v62.0/limits',
      headers: bearer('00DS7000000oxzo!AR8AQPXAhJNveaXDdPzbrtXqPykdVxBxtbLycpiyPmKyJm0Ku8gKKztulObJ1dhJU8Jt9W8k7'),
    },
    sources: [
      [
        'Connect to Connect REST API using OAuth',
        'https://developer.salesforce.com/docs/atlas.en-us.262.0.chatterapi.meta/chatterapi/quickstart_connecting.htm',
      ],
      [
        'Sample request and response for access token',
        'https://help.salesforce.com/apex/HTViewHelpDoc?id=service.conversation_transcript_api_sample1.htm',
      ],
    ],
  },
  {
    slug: 'entra-id',
    title: 'Microsoft Entra ID (Azure AD)',
    authentication: 'form',
    odd: 'The scope is a resource with `/.default` at its end. The tenant is in the path. Refusals are told with numbers, over several lines.',
    provider: entraId({ tenant: 'a8990e1f-ff32-408a-9f8e-78d3b9139b95' }),
    request: {
      method: 'POST',
      url: 'https://login.microsoftonline.com/a8990e1f-ff32-408a-9f8e-78d3b9139b95/oauth2/v2.0/token',
      headers: { 'content-type': form },
      body: `${grant}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&${posted}`,
    },
    answer: {
      body: {
        token_type: 'Bearer',
        expires_in: 3599,
        access_token: 'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6Ik1uQ19WWmNBVGZNNXBP...',
      },
    },
    token: {
      value: 'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6Ik1uQ19WWmNBVGZNNXBP...',
      lifetime: 3599,
      scopes: ['https://graph.microsoft.com/.default'],
    },
    api: {
      url: 'https://graph.microsoft.com/v1.0/users',
      headers: bearer('eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6Ik1uQ19WWmNBVGZNNXBP...'),
    },
    refusal: {
      status: 400,
      body: {
        error: 'invalid_scope',
        error_description:
          "AADSTS70011: The provided value for the input parameter 'scope' is not valid. The scope https://foo.microsoft.com/.default is not valid.\r\nTrace ID: 255d1aef-8c98-452f-ac51-23d051240864",
        error_codes: [70011],
      },
      error: 'invalid_scope',
      errorDescription:
        "AADSTS70011: The provided value for the input parameter 'scope' is not valid. The scope https://foo.microsoft.com/.default is not valid. Trace ID: 255d1aef-8c98-452f-ac51-23d051240864",
    },
    sources: [
      [
        'Client credentials flow',
        'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow',
      ],
    ],
  },
  {
    slug: 'okta',
    title: 'Okta',
    authentication: 'Basic header',
    odd: 'The token endpoint belongs to an authorization server, of which an org can have several; at least one custom scope must be asked for.',
    provider: okta({ domain: 'acme.okta.com', scopes: ['customScope'], api: 'https://api.example.com' }),
    request: {
      method: 'POST',
      url: 'https://acme.okta.com/oauth2/default/v1/token',
      headers: { authorization: basic, 'content-type': form },
      body: `${grant}&scope=customScope`,
    },
    answer: {
      body: { access_token: 'eyJhbG[...]1LQ', token_type: 'Bearer', expires_in: 3600, scope: 'customScope' },
    },
    token: { value: 'eyJhbG[...]1LQ', lifetime: 3600, scopes: ['customScope'] },
    api: { url: 'https://api.example.com/things', headers: bearer('eyJhbG[...]1LQ') },
    sources: [
      ['Use the Client Credentials flow', 'https://developer.okta.com/docs/guides/implement-client-creds/-/use-flow/'],
    ],
  },
  {
    slug: 'auth0',
    title: 'Auth0',
    authentication: 'JSON body',
    odd: 'An audience is required; for the management API, it is its address.',
    provider: auth0({ domain: 'acme.eu.auth0.com' }),
    request: {
      method: 'POST',
      url: 'https://acme.eu.auth0.com/oauth/token',
      headers: { 'content-type': 'application/json' },
      body: {
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        audience: 'https://acme.eu.auth0.com/api/v2/',
      },
    },
    answer: { body: { access_token: 'eyJz93a...k4laUWw', token_type: 'Bearer', expires_in: 86400 } },
    token: { value: 'eyJz93a...k4laUWw', lifetime: 86400 },
    api: { url: 'https://acme.eu.auth0.com/api/v2/users', headers: bearer('eyJz93a...k4laUWw') },
    sources: [
      [
        'Client credential flow: get token',
        'https://auth0.com/docs/api/authentication/client-credential-flow/get-token',
      ],
    ],
  },
  {
    slug: 'keycloak',
    title: 'Keycloak',
    authentication: 'Basic header',
    odd: 'Tokens live for a minute by default. The realm is in the path.',
    provider: keycloak({ host: 'sso.example.com', realm: 'my realm', api: 'https://api.example.com' }),
    request: {
      method: 'POST',
      url: 'https://sso.example.com/realms/my%20realm/protocol/openid-connect/token',
      headers: { authorization: basic, 'content-type': form },
      body: grant,
    },
    answer: {
      headers: { 'content-type': 'application/json;charset=UTF-8', 'cache-control': 'no-store' },
      body: { access_token: '2YotnFZFEjr1zCsicMWpAA', token_type: 'bearer', expires_in: 60 },
    },
    token: { value: '2YotnFZFEjr1zCsicMWpAA', lifetime: 60 },
    api: { url: 'https://api.example.com/things', headers: bearer('2YotnFZFEjr1zCsicMWpAA') },
    sources: [
      [
        'Service accounts',
        'https://wjw465150.gitbooks.io/keycloak-documentation/content/server_admin/topics/clients/oidc/service-accounts.html',
      ],
    ],
  },
  {
    slug: 'zoom',
    title: 'Zoom',
    authentication: 'Basic header, raw',
    odd: 'The grant type is `account_credentials`, with the account it is about.',
    missing:
      'the sample answer on the page we could read, but for its lifetime; this is one that published clients get.',
    provider: zoom({ accountId: 'D8cJuqWVQ623CI4Q8yQK0Q' }),
    request: {
      method: 'POST',
      url: 'https://zoom.us/oauth/token',
      headers: { authorization: basic, 'content-type': form },
      body: 'grant_type=account_credentials&account_id=D8cJuqWVQ623CI4Q8yQK0Q',
    },
    answer: {
      body: {
        access_token: 'eyJhbGciOiJIUzI1NiJ9...',
        token_type: 'bearer',
        expires_in: 3600,
        scope: 'meeting:read meeting:write user:read',
      },
    },
    token: {
      value: 'eyJhbGciOiJIUzI1NiJ9...',
      lifetime: 3600,
      scopes: ['meeting:read', 'meeting:write', 'user:read'],
    },
    api: { url: 'https://api.zoom.us/v2/users/me', headers: bearer('eyJhbGciOiJIUzI1NiJ9...') },
    sources: [['Server-to-server OAuth', 'https://developers.zoom.us/docs/rooms/s2s-oauth/']],
  },
  {
    slug: 'paypal',
    title: 'PayPal',
    authentication: 'Basic header, raw',
    odd: 'Scopes are not asked for, and are answered as URLs. The lifetime is about nine hours.',
    missing: 'the end of the sample answer, which we have from a copy of it; the scopes are shortened.',
    provider: paypal({ sandbox: true }),
    request: {
      method: 'POST',
      url: 'https://api-m.sandbox.paypal.com/v1/oauth2/token',
      headers: { authorization: basic, 'content-type': form },
      body: grant,
    },
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
    sources: [['Authentication', 'https://developer.paypal.com/docs/api/get-an-access-token-postman']],
  },
  {
    slug: 'ebay',
    title: 'eBay',
    authentication: 'Basic header, raw',
    odd: 'The token type is "Application Access Token". Tokens hold `^` and `#`.',
    missing: 'the lifetime on the page we could read; published clients find 7200.',
    provider: ebay(),
    request: {
      method: 'POST',
      url: 'https://api.ebay.com/identity/v1/oauth2/token',
      headers: { authorization: basic, 'content-type': form },
      body: `${grant}&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope`,
    },
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
    sources: [
      ['Quick reference', 'https://developer.ebay.com/api-docs/static/oauth-qref-client-credentials-grant.html'],
      ['Client credentials grant', 'https://developer.ebay.com/api-docs/static/oauth-client-credentials-grant.html'],
    ],
  },
  {
    slug: 'amadeus',
    title: 'Amadeus for Developers',
    authentication: 'form',
    odd: 'An empty scope is answered, and a `state` that says "approved". Errors of the token endpoint have another shape than those of the API.',
    provider: amadeus(),
    request: {
      method: 'POST',
      url: 'https://test.api.amadeus.com/v1/security/oauth2/token',
      headers: { 'content-type': form },
      body: `${grant}&${posted}`,
    },
    answer: {
      body: {
        type: 'amadeusOAuth2Token',
        username: 'myuser@mydomain.com',
        application_name: 'My Application',
        client_id: 'Hs0sNkpTXeu0t2Hw2rLITofK8QELGdfsf',
        token_type: 'Bearer',
        access_token: 'f8XgboI1oKyNw7w23bnnAbFANidfgC',
        expires_in: 1799,
        state: 'approved',
        scope: '',
      },
    },
    token: { value: 'f8XgboI1oKyNw7w23bnnAbFANidfgC', lifetime: 1799 },
    api: {
      url: 'https://test.api.amadeus.com/v1/reference-data/airlines?airlineCodes=BA',
      headers: bearer('f8XgboI1oKyNw7w23bnnAbFANidfgC'),
    },
    refusal: {
      status: 401,
      body: {
        error: 'invalid_client',
        error_description: 'Client credentials are invalid',
        code: 38187,
        title: 'Invalid parameters',
      },
      error: 'invalid_client',
      errorDescription: 'Client credentials are invalid',
    },
    sources: [
      ['Authorizing your application', 'https://developers.amadeus.com/self-service/apis-docs/guides/authorization'],
      ['Common errors', 'https://amadeus4dev.github.io/developer-guides/common-errors'],
    ],
  },
  {
    slug: 'ups',
    title: 'UPS',
    authentication: 'Basic header, raw',
    odd: 'The account number is in a header. Numbers are texts. Errors are a list within `response`.',
    provider: ups({ accountNumber: 'A1B2C3' }),
    request: {
      method: 'POST',
      url: 'https://onlinetools.ups.com/security/v1/oauth/token',
      headers: { authorization: basic, 'content-type': form, 'x-merchant-id': 'A1B2C3' },
      body: grant,
    },
    answer: {
      body: {
        token_type: 'Bearer',
        issued_at: '1706710921672',
        client_id: 'client_id',
        access_token: 'access_token',
        expires_in: '14399',
        status: 'approved',
      },
    },
    token: { value: 'access_token', lifetime: 14399 },
    api: { url: 'https://onlinetools.ups.com/api/track/v1/details/1Z', headers: bearer('access_token') },
    refusal: {
      status: 401,
      body: { response: { errors: [{ code: 'invalid_grant', message: 'Client authentication failed' }] } },
      error: 'invalid_grant',
      errorDescription: 'Client authentication failed',
    },
    sources: [
      ['its specification', 'https://github.com/UPS-API/api-documentation/blob/main/OAuthClientCredentials.yaml'],
      ['a sample of it', 'https://developers.qodex.ai/ups-apis/ups-oauthclientcredentials/create-access-token-1'],
    ],
  },
  {
    slug: 'adobe',
    title: 'Adobe',
    authentication: 'form',
    odd: 'Commas stand between scopes. The API wants the client id and the organisation in headers of their own, beside the token.',
    provider: adobe({
      api: 'https://cloudmanager.adobe.io',
      apiKey: clientId,
      organization: '123@AdobeOrg',
      scopes: ['openid', 'AdobeID'],
    }),
    request: {
      method: 'POST',
      url: 'https://ims-na1.adobelogin.com/ims/token/v3',
      headers: { 'content-type': form },
      body: `${grant}&scope=openid%2CAdobeID&${posted}`,
    },
    answer: { body: { access_token: '{ACCESS_TOKEN}', token_type: 'bearer', expires_in: 86399 } },
    token: { value: '{ACCESS_TOKEN}', lifetime: 86399, scopes: ['openid', 'AdobeID'] },
    api: {
      url: 'https://cloudmanager.adobe.io/api/programs',
      headers: { ...bearer('{ACCESS_TOKEN}'), 'x-api-key': clientId, 'x-gw-ims-org-id': '123@AdobeOrg' },
    },
    sources: [
      [
        'OAuth server-to-server credential',
        'https://developer.adobe.com/developer-console/docs/guides/authentication/ServerToServerAuthentication/IMS',
      ],
      [
        'the headers',
        'https://developer.adobe.com/experience-cloud/cloud-manager/guides/getting-started/authentication/',
      ],
    ],
  },
  {
    slug: 'honeywell-home',
    title: 'Honeywell Home (Resideo)',
    authentication: 'Basic header, raw',
    odd: 'The token type is "BearerToken". Numbers are texts. Calls also name the key in their query, which is up to the caller.',
    provider: honeywellHome(),
    request: {
      method: 'POST',
      url: 'https://api.honeywell.com/oauth2/accesstoken',
      headers: { authorization: basic, 'content-type': form },
      body: grant,
    },
    answer: {
      body: {
        refresh_token_expires_in: '0',
        api_product_list: '[Basic Plan, demandresponse-Product]',
        organization_name: 'connectedhome',
        'developer.email': 'developerinfo@resideo.com',
        token_type: 'BearerToken',
        issued_at: '1487281223451',
        client_id: '123abc',
        access_token: '456def',
        application_name: 'b1bd4907-924a-4470-a641-0effeb279834',
        scope: 'user',
        expires_in: '3599',
        refresh_count: '0',
        status: 'approved',
      },
    },
    token: { value: '456def', lifetime: 3599, scopes: ['user'] },
    api: { url: `https://api.honeywell.com/v2/locations?apikey=${clientId}`, headers: bearer('456def') },
    sources: [
      ['Client credentials OAuth guide', 'https://developer.honeywellhome.com/content/oauth2-client-credentials'],
    ],
  },
  {
    slug: 'lark',
    title: 'Lark (Feishu)',
    authentication: 'JSON body, as `app_id` and `app_secret`',
    odd: 'No grant type; names of its own for everything; a `code` other than 0 is a refusal. Asked again early, the server gives the same token with what is left of its life.',
    missing: "the vendor's own page, of which this is a copy; and the codes: that of the tested refusal is ours.",
    provider: lark(),
    request: {
      method: 'POST',
      url: 'https://open.larksuite.com/open-apis/auth/v3/tenant_access_token/internal',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: { app_id: clientId, app_secret: clientSecret },
    },
    answer: {
      body: { code: 0, msg: 'ok', tenant_access_token: 't-caecc734c2e3328a62489fe0648c4b98779515d3', expire: 7200 },
    },
    token: { value: 't-caecc734c2e3328a62489fe0648c4b98779515d3', lifetime: 7200 },
    api: {
      url: 'https://open.larksuite.com/open-apis/contact/v3/users/me',
      headers: bearer('t-caecc734c2e3328a62489fe0648c4b98779515d3'),
    },
    refusal: { body: { code: 10003, msg: 'invalid param' }, error: '10003', errorDescription: 'invalid param' },
    sources: [
      [
        'tenant_access_token (in Chinese)',
        'https://git.fmode.cn/nkkj/hongben-server/src/2ed8ef7c601c5d8ca4548fcd79c05855983b10b1/modules/fmode-feishu-api/docs/feishu-api-docs/tenant_access_token.md',
      ],
    ],
  },
  {
    slug: 'wechat',
    title: 'WeChat (Weixin)',
    authentication: 'query, as `appid` and `secret`',
    odd: 'GET, with a grant type that lacks an s. Refusals come with status 200; -1 means "try again". A new token ends the one before. The API takes the token in the query only.',
    provider: wechat(),
    request: {
      method: 'GET',
      url: `https://api.weixin.qq.com/cgi-bin/token?grant_type=client_credential&appid=${clientId}&secret=${clientSecret}`,
      headers: {},
    },
    answer: { body: { access_token: 'ACCESS_TOKEN', expires_in: 7200 } },
    token: { value: 'ACCESS_TOKEN', lifetime: 7200 },
    refusal: { body: { errcode: 40013, errmsg: 'invalid appid' }, error: '40013', errorDescription: 'invalid appid' },
    sources: [['getAccessToken', 'https://developers.weixin.qq.com/doc/service/en/api/base/api_getaccesstoken']],
  },
  {
    slug: 'openstack',
    title: 'OpenStack (Keystone)',
    authentication: 'nested JSON',
    odd: 'The token is in a header of the answer, and in a header of its own at the API. Its end is an ISO date with microseconds.',
    missing: 'the value of the header in the samples: this one is ours. The answer is shortened.',
    provider: openstack({ identity: 'https://keystone.example.com:5000/v3', api: 'https://nova.example.com/v2.1' }),
    request: {
      method: 'POST',
      url: 'https://keystone.example.com:5000/v3/auth/tokens',
      headers: { 'content-type': 'application/json' },
      body: {
        auth: {
          identity: {
            methods: ['application_credential'],
            application_credential: { id: clientId, secret: clientSecret },
          },
        },
      },
    },
    answer: {
      status: 201,
      headers: { 'x-subject-token': 'gAAAAABaXSbd', date: 'Mon, 15 Jan 2018 21:14:05 GMT' },
      body: {
        token: {
          methods: ['application_credential'],
          expires_at: '2018-01-15T22:14:05.000000Z',
          issued_at: '2018-01-15T21:14:05.000000Z',
          project: { id: '231c62fb0fbd485b995e8b060c3f0d98', name: 'demo' },
        },
      },
    },
    token: { value: 'gAAAAABaXSbd', lifetime: 3600 },
    api: { url: 'https://nova.example.com/v2.1/servers', headers: { 'x-auth-token': 'gAAAAABaXSbd' } },
    sources: [
      [
        'Application credentials',
        'https://github.com/openstack/keystone/blob/master/api-ref/source/v3/application-credentials.inc',
      ],
      [
        'Authentication and token management',
        'https://github.com/openstack/keystone/blob/master/api-ref/source/v3/authenticate-v3.inc',
      ],
    ],
  },
]
