/** What readers call the subject of a page, where the page has other words: the search counts them more than its title. */
export const keywords: Readonly<Record<string, string>> = {
  'start.md':
    'getting started quickstart quick start tutorial hello world first token entra id azure ad active directory auth0 okta keycloak',
  'errors.md':
    '401 unauthorized 403 forbidden 400 bad request 429 500 error message unknown option fails failed self-signed certificate chain',
  'install.md': 'npm install pnpm bun deno setup',
  'life-of-a-token.md':
    'token expires expiry expired expiration refresh before it expires renew cache lifetime expires_in',
  'testing.md': 'mock token tests fake emulator stub vitest unit test',
  'providers.md': 'entra azure ad auth0 okta keycloak salesforce sap google aws cognito vendor list',
  'credentials.md': 'rotate secret rotation client secret vault',
  'guides/dpop.md': 'dpop proof of possession rfc 9449',
  'guides/mutual-tls.md': 'mtls mutual tls client certificate rfc 8705',
  'guides/private-keys.md': 'private key jwt assertion pem rfc 7523',
  'guides/many-tenants.md': 'multi tenant tenants pool',
  'guides/proxies-and-private-cas.md': 'proxy https_proxy corporate certificate authority node_extra_ca_certs',
  'guides/share-over-redis.md': 'redis valkey share token between processes cluster',
  'guides/aws-lambda.md': 'lambda serverless',
  'guides/fleet-on-kubernetes.md': 'kubernetes k8s deployment replicas',
  'guides/nextjs.md': 'next.js nextjs vercel',
  'guides/nestjs.md': 'nest nestjs',
  'guides/jest-and-commonjs.md': 'jest commonjs require esm',
  'guides/from-simple-oauth2.md': 'migrate simple-oauth2',
  'guides/from-openid-client.md': 'migrate openid-client',
}
