import type { ProviderDraft } from './provider-draft.ts'
import { isReadByDefault, sampleToken } from './sample-answer.ts'
import {
  code,
  codeBlock,
  codeSpan,
  identifier,
  importLine,
  joinMarkdown,
  lineComment,
  Markdown,
  markdown,
  membersOf,
  table,
} from './source-text.ts'

/** Writes the provider's page, with a question under each heading that needs more information. */
export function writePage(draft: ProviderDraft, from: string): Markdown {
  const { name, title, tokenEndpoint, api } = draft
  const variable = name.toUpperCase().replaceAll('-', '_')
  const clientId = code`process.env.${identifier(`${variable}_CLIENT_ID`)}!`
  const clientSecret = code`process.env.${identifier(`${variable}_CLIENT_SECRET`)}!`
  const call = api
    ? code`const api = await client.api() ${lineComment`a ky instance on ${api.href}`}\nconst answer = await api.get('a/path').json()`
    : code`const token = await client.token()`
  const use = code`${importLine(['createClient'], [], '@nightlatch/core')}${importLine([draft.identifier], [], from)}
const client = createClient(${identifier(draft.identifier)}(), {
${membersOf({ credentials: { clientId, clientSecret } }, '  ')}})
${call}`
  const rows = [
    [markdown`\`tokenEndpoint\``, markdown`the token endpoint`, codeSpan(tokenEndpoint.href)],
    ...(api ? [[markdown`\`apiUrl\``, markdown`base URL of the API`, codeSpan(api.href)]] : []),
  ]
  const departures = describeDepartures(draft)
  const heading = new Markdown(title)
  return markdown`# ${heading}

Tokens of ${heading} by client credentials${api && markdown`, and calls of its API`}, with Nightlatch.

## Set-up at the vendor

Where do you register a client, and what must be enabled or granted before it gets a token?

## Use

${codeBlock('ts', use.text)}
## Options

${table([markdown`option`, markdown`what it is`, markdown`default`], rows)}
## What it asks and what it gets

${codeBlock('http', describeRequest(draft))}${describeAnswer(draft)}
## How it departs from the standard

${departures.length === 0 ? markdown`There are no differences.\n` : joinMarkdown(departures.map((line) => markdown`- ${line}\n`))}
## Errors to expect

Which errors does the vendor document, and what should users do about each? Add each to \`refusals\` of the test, too.

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

function describeAnswer({ sample }: ProviderDraft): Markdown {
  if (sample === undefined) return markdown``
  if (sample.form === 'text') return markdown`\nThe response is the token itself, as text.\n`
  const { form, body, status = 200, tokenHeader } = sample
  const said =
    form === 'form'
      ? new URLSearchParams(body as Record<string, string>).toString()
      : form === 'none'
        ? ''
        : JSON.stringify(body, undefined, 2)
  const head = tokenHeader === undefined ? '' : `HTTP/1.1 ${status}\n${tokenHeader}: ${sampleToken}\n\n`
  // A block of `json` would be reformatted, which would change the vendor's sample.
  return markdown`\n${codeBlock('http', `${head}${said}`.trimEnd())}`
}

function describeDepartures(draft: ProviderDraft): readonly Markdown[] {
  const { method, bodyFormat, grantType, authentication, tokenHeader, sample } = draft
  const departures: Markdown[] = []
  if (method === 'GET') departures.push(markdown`The token request uses GET; the parameters are in the query.`)
  if (method === 'POST' && bodyFormat === 'json') departures.push(markdown`The request is JSON, not a form.`)
  if (method === 'POST' && bodyFormat === 'none') {
    departures.push(markdown`The parameters are in the query, not in a form.`)
  }
  if (grantType === null) departures.push(markdown`No \`grant_type\` is sent.`)
  if (grantType !== null && grantType !== 'client_credentials') {
    departures.push(markdown`The \`grant_type\` is ${codeSpan(grantType)}.`)
  }
  if (authentication === 'basic-raw') {
    departures.push(markdown`Id and secret are not form-encoded before Base64.`)
  }
  if (authentication === 'header') {
    departures.push(markdown`The secret is in the header ${codeSpan(draft.clientSecretName ?? '')}.`)
  }
  if (sample?.tokenHeader !== undefined) {
    departures.push(markdown`The token is in the response header ${codeSpan(sample.tokenHeader)}.`)
  }
  if (sample && sample.tokenHeader === undefined && !isReadByDefault(sample)) {
    departures.push(markdown`The response has its own shape, which \`readTokenResponse\` converts to the standard one.`)
  }
  if (tokenHeader) departures.push(markdown`The API expects the token in the header ${codeSpan(tokenHeader)}.`)
  return departures
}

/** The project's repository. */
export const repositoryUrl = 'https://github.com/nightlatch/nightlatch'

/** Writes the files that make a provider a package. */
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

/** JSON in Biome's format for a manifest, which keeps arrays and objects on several lines. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

/** Writes the changeset of a new package. */
export function writeChangeset({ name, title }: ProviderDraft): string {
  return `---\n"@nightlatch/${name}": minor\n---\n\n${title}: tokens by client credentials.\n`
}
