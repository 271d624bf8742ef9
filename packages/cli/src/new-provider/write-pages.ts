import type { ProviderDraft } from './provider-draft.ts'
import { isReadByDefault, sampleToken } from './sample-answer.ts'
import { Code, membersOf, table, widest } from './source-text.ts'

/** The provider's page: what is known is written, what is not has a heading and a question. */
export function writePage(draft: ProviderDraft, from: string): string {
  const { name, identifier, title, tokenEndpoint, api } = draft
  const variable = name.toUpperCase().replaceAll('-', '_')
  const call = api
    ? `const api = await client.api() // a ky instance on ${api.href}\nconst answer = await api.get('a/path').json()`
    : 'const token = await client.token()'
  const variables = {
    clientId: new Code(`process.env.${variable}_CLIENT_ID!`),
    clientSecret: new Code(`process.env.${variable}_CLIENT_SECRET!`),
  }
  const onOneLine = `{ clientId: ${variables.clientId.text}, clientSecret: ${variables.clientSecret.text} }`
  const fits = `  credentials: ${onOneLine},`.length <= widest
  const rows = [
    ['`tokenEndpoint`', 'where tokens are asked for', `\`${tokenEndpoint.href}\``],
    ...(api ? [['`apiUrl`', 'base URL of the API', `\`${api.href}\``]] : []),
  ]
  const departures = describeDepartures(draft)
  return `# ${title}

Tokens of ${title} by client credentials${api ? ', and calls of its API' : ''}, with Nightlatch.

## Set-up at the vendor

Where is a client registered, and what has to be switched on or granted before it gets a token?

## Use

\`\`\`ts
import { createClient } from '@nightlatch/core'
import { ${identifier} } from '${from}'

const client = createClient(${identifier}(), {
${membersOf({ credentials: fits ? new Code(onOneLine) : variables }, '  ').join('')}})
${call}
\`\`\`

## Options

${table(['option', 'what it is', 'default'], rows)}
## What it asks and what it gets

\`\`\`http
${describeRequest(draft)}
\`\`\`
${describeAnswer(draft)}
## How it departs from the standard

${departures.length === 0 ? 'It does not.\n' : departures.map((line) => `- ${line}\n`).join('')}
## Errors to expect

Which errors does the vendor document, and what is to be done about each? Each belongs into \`refusals\` of the test, too.

## What the vendor does not say

Which questions do its pages leave open?
`
}

function describeRequest(draft: ProviderDraft): string {
  const { tokenEndpoint, method, bodyFormat, grantType, scopes, headers, authentication } = draft
  const { clientIdName, clientSecretName } = draft
  const parameters = {
    ...(grantType !== null && { grant_type: grantType }),
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    ...draft.parameters,
    ...(authentication === 'post' && {
      [clientIdName ?? 'client_id']: '<client id>',
      [clientSecretName ?? 'client_secret']: '<client secret>',
    }),
  }
  const pairs = Object.entries(parameters).map(([parameter, value]) => `${parameter}=${value}`)
  const query = bodyFormat === 'none' && pairs.length > 0 ? `?${pairs.join('&')}` : ''
  const types = { form: 'application/x-www-form-urlencoded', json: 'application/json', none: undefined }
  const type = types[bodyFormat]
  const lines = [
    `${method} ${tokenEndpoint.pathname}${query}`,
    `Host: ${tokenEndpoint.host}`,
    ...(/^basic/.test(authentication) ? ['Authorization: Basic <base64(client_id:client_secret)>'] : []),
    ...(authentication === 'header' && clientIdName ? [`${clientIdName}: <client id>`] : []),
    ...(authentication === 'header' ? [`${clientSecretName}: <client secret>`] : []),
    ...Object.entries(headers).map(([header, value]) => `${header}: ${value}`),
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
  ]
  if (bodyFormat === 'form') lines.push('', pairs.join('&'))
  if (bodyFormat === 'json') lines.push('', JSON.stringify(parameters))
  return lines.join('\n')
}

function describeAnswer({ sample }: ProviderDraft): string {
  if (sample === undefined) return ''
  if (sample.form === 'text') return '\nThe answer is the token itself, as text.\n'
  const { form, body, status = 200, tokenHeader } = sample
  const said =
    form === 'form'
      ? new URLSearchParams(body as Record<string, string>).toString()
      : form === 'none'
        ? ''
        : JSON.stringify(body, undefined, 2)
  const head = tokenHeader === undefined ? '' : `HTTP/1.1 ${status}\n${tokenHeader}: ${sampleToken}\n\n`
  const text = `${head}${said}`.trimEnd()
  // Not as `json`: a formatter would bring the vendor's sample into another shape.
  return `\n\`\`\`http\n${text}\n\`\`\`\n`
}

function describeDepartures(draft: ProviderDraft): readonly string[] {
  const { method, bodyFormat, grantType, authentication, tokenHeader, sample } = draft
  return [
    ...(method === 'GET' ? ['Tokens are asked for with GET; the parameters are in the query.'] : []),
    ...(method === 'POST' && bodyFormat === 'json' ? ['The request is JSON, not a form.'] : []),
    ...(method === 'POST' && bodyFormat === 'none' ? ['The parameters are in the query, not in a form.'] : []),
    ...(grantType === null ? ['No `grant_type` is sent.'] : []),
    ...(grantType !== null && grantType !== 'client_credentials' ? [`The \`grant_type\` is \`${grantType}\`.`] : []),
    ...(authentication === 'basic-raw' ? ['Id and secret are joined as they are, not form-encoded first.'] : []),
    ...(authentication === 'header' ? [`The secret is in the header \`${draft.clientSecretName}\`.`] : []),
    ...(sample?.tokenHeader ? [`The token is in the answer's header \`${sample.tokenHeader}\`.`] : []),
    ...(sample && sample.tokenHeader === undefined && !isReadByDefault(sample)
      ? ['The answer has a shape of its own, which a reader brings into the usual one.']
      : []),
    ...(tokenHeader ? [`The API takes the token in the header \`${tokenHeader}\`.`] : []),
  ]
}

/** Where this project is hosted. */
export const repositoryUrl = 'https://github.com/nightlatch/nightlatch'

/** What makes a package of a provider. */
export function writePackageFiles({
  name,
  title,
  identifier,
}: Pick<ProviderDraft, 'name' | 'title' | 'identifier'>): Readonly<Record<string, string>> {
  const manifest = {
    name: `@nightlatch/${name}`,
    version: '0.0.0',
    description: `${title} for Nightlatch: tokens by client credentials.`,
    keywords: ['oauth2', 'client-credentials', 'access-token', name],
    homepage: `${repositoryUrl}/tree/main/packages/${name}#readme`,
    bugs: `${repositoryUrl}/issues`,
    repository: { type: 'git', url: `git+${repositoryUrl}.git`, directory: `packages/${name}` },
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    exports: {
      '.': { '@nightlatch/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    files: ['dist'],
    engines: { node: '>=22.19' },
    scripts: { build: 'node ../../tools/src/build-package.ts' },
    publishConfig: {
      access: 'public',
      provenance: true,
      exports: {
        '.': { types: './dist/index.d.ts', default: './dist/index.js' },
        './package.json': './package.json',
      },
    },
    peerDependencies: { '@nightlatch/core': 'workspace:^' },
    devDependencies: { '@nightlatch/core': 'workspace:^', '@nightlatch/testing': 'workspace:^' },
  }
  return {
    'package.json': toJson(manifest),
    'README.md': `# @nightlatch/${name}

${title} for [Nightlatch](../../README.md), OAuth 2.0 client credentials for TypeScript.

> **Not on npm yet.** [Install it from a clone](../../docs/install.md). Until this notice is gone, a package of this name on npm is not ours.

\`\`\`sh
npm install ../nightlatch/tarballs/*.tgz
\`\`\`

[Its page](../../docs/providers/${name}.md) says how it is set up and used.
`,
    'src/index.ts': `export { type ${title}Options, ${identifier} } from './provider.ts'\n`,
  }
}

/** JSON as Biome formats a manifest: an array or an object that fits a line stays open where it was. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

/** The changelog's entry. */
export function writeChangeset({ name, title }: ProviderDraft): string {
  return `---\n"@nightlatch/${name}": minor\n---\n\n${title}: tokens by client credentials.\n`
}
