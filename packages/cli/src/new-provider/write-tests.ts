import type { ProviderDraft } from './provider-draft.ts'
import {
  endOf,
  isReadByDefault,
  lifetimeInSeconds,
  replaceAt,
  type SampleAnswer,
  sampleToken,
} from './sample-answer.ts'
import { Code, importLine, membersOf, quote } from './source-text.ts'

/** The emulation's file: what the vendor's documents say, on a socket. */
export function writeEmulation(draft: ProviderDraft): string {
  const { name, identifier, title, tokenEndpoint, authentication, sample, tokenHeader } = draft
  const fields = {
    name,
    ...(tokenEndpoint.pathname !== '/token' && { tokenPath: tokenEndpoint.pathname }),
    ...(authentication === 'basic-raw' && { basicEncoding: 'raw' }),
    ...writeRequest(draft),
    ...(authentication === 'header' && { readCredentials: new Code(writeCredentials(draft)) }),
    ...(sample && !isReadByDefault(sample) && { writeGrant: new Code(writeGrant(sample)) }),
    ...(sample?.tokenHeader && {
      writeGrantHeaders: new Code(`({ accessToken }) => ({ ${toKey(sample.tokenHeader)}: accessToken })`),
    }),
    ...(tokenHeader && { readToken: new Code(`({ headers }) => headers.get(${quote(tokenHeader)}) ?? undefined`) }),
  }
  return `${importLine(['standardEmulation'], ['Emulation', 'StandardOffers'], '@nightlatch/testing')}
/** ${title}'s token endpoint as its documents have it, and an API that answers what it was asked. */
export function ${identifier}Emulation(): Emulation<StandardOffers> {
  return standardEmulation({
${membersOf(fields, '    ').join('')}  })
}
`
}

function writeRequest(draft: ProviderDraft): object {
  const { method, bodyFormat, grantType, parameters, headers, authentication, clientIdName, clientSecretName } = draft
  const tokenRequest = {
    ...(method === 'GET' && { method }),
    ...(method !== 'GET' && bodyFormat !== 'form' && { bodyFormat }),
    ...(grantType !== 'client_credentials' && { grantType }),
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(authentication === 'post' && {
      ...(clientIdName && { clientIdParameter: clientIdName }),
      ...(clientSecretName && { clientSecretParameter: clientSecretName }),
    }),
  }
  return Object.keys(tokenRequest).length > 0 ? { tokenRequest } : {}
}

function writeCredentials({ clientIdName, clientSecretName = '' }: ProviderDraft): string {
  const read = (header: string): string => `headers.get(${quote(header)}) ?? ''`
  const members = {
    ...(clientIdName && { clientId: new Code(read(clientIdName)) }),
    clientSecret: new Code(read(clientSecretName)),
  }
  return `({ headers }) => ({\n${membersOf(members, '      ').join('')}    })`
}

function toKey(name: string): string {
  return /^[a-z_]+$/.test(name) ? name : quote(name)
}

/** The sample, with a token that the emulator issued and its life in place of the sample's own. */
function writeGrant({ form, body, tokenHeader, token, lifetime, scope }: SampleAnswer): string {
  if (form === 'text') return '({ accessToken }) => accessToken'
  if (form === 'none') return "() => ''"
  const needs = tokenHeader === undefined ? ['accessToken'] : []
  let answer = tokenHeader === undefined ? replaceAt(body, token, new Code('accessToken')) : body
  if (lifetime !== undefined) {
    const { path, kind, value } = lifetime
    const isEnd = /^(epoch|date)/.test(kind)
    needs.push(isEnd ? 'expiresAt' : 'expiresIn')
    const code = lifetimes[kind]
    const isIso = typeof value === 'string' && /^\d{4}-/.test(value)
    const written = kind === 'date' ? (isIso ? code : 'expiresAt.toUTCString()') : code
    answer = replaceAt(
      answer,
      path,
      new Code(typeof value === 'string' && kind !== 'date' ? `String(${written})` : written),
    )
  }
  if (scope !== undefined) {
    needs.push('scopes')
    answer = replaceAt(
      answer,
      scope.filter((step) => typeof step === 'string'),
      new Code("scopes.join(' ')"),
    )
  }
  const given = needs.length === 0 ? '()' : `({ ${needs.join(', ')} })`
  if (form === 'form') {
    const members = membersOf(answer as Readonly<Record<string, unknown>>, '        ').map((line) =>
      line.replace(/: (expiresIn.*),\n/, ': String($1),\n'),
    )
    return `${given} =>\n      new URLSearchParams({\n${members.join('')}      }).toString()`
  }
  if (Array.isArray(answer)) return `${given} => ${toSourceAt(answer)}`
  const members = membersOf(answer as Readonly<Record<string, unknown>>, '      ')
  return `${given} => ({\n${members.join('')}    })`
}

function toSourceAt(answer: readonly unknown[]): string {
  const [line = ''] = membersOf({ answer }, '    ')
  return line
    .trim()
    .replace(/^answer: /, '')
    .replace(/,$/, '')
}

const lifetimes: Readonly<Record<NonNullable<SampleAnswer['lifetime']>['kind'], string>> = {
  seconds: 'expiresIn',
  milliseconds: 'expiresIn * 1000',
  minutes: 'expiresIn / 60',
  'epoch-seconds': 'Math.floor(expiresAt.getTime() / 1000)',
  'epoch-milliseconds': 'expiresAt.getTime()',
  date: 'expiresAt.toISOString()',
}

/** Where the files are, seen from the test. */
export interface TestPlaces {
  readonly provider: string
  readonly emulation: string
}

/** The test's file: the conformance suite, with what the vendor's page shows. */
export function writeTest(draft: ProviderDraft, places: TestPlaces): string {
  const { identifier, api, sample, runner } = draft
  const given = api ? '{ tokenEndpoint, apiUrl }' : '{ tokenEndpoint }'
  const fields = {
    describe: new Code('describe'),
    it: new Code('it'),
    emulation: new Code(`${identifier}Emulation`),
    provider: new Code(`(${given}) => ${identifier}(${given})`),
    ...(api ? {} : { apiUrl: null }),
    request: describeRequest(draft),
    ...(sample && { grants: [describeGrant(sample)] }),
  }
  const [first, second] = [
    importLine(['testProvider'], [], '@nightlatch/testing'),
    importLine(['describe', 'it'], [], runner),
  ]
  const packages = runner === 'vitest' ? `${first}${second}` : `${second}${first}`
  return `${packages}${importLine([identifier], [], places.provider)}${importLine([`${identifier}Emulation`], [], places.emulation)}
testProvider({
${membersOf(fields, '  ').join('')}})
`
}

function describeRequest(draft: ProviderDraft): object {
  const { method, bodyFormat, grantType, scopes, headers, authentication } = draft
  const { clientIdName, clientSecretName } = draft
  const shown = {
    ...(/^basic/.test(authentication) && { authorization: 'Basic {clientId}:{clientSecret}' }),
    ...(authentication === 'header' && {
      ...(clientIdName && { [clientIdName]: '{clientId}' }),
      [clientSecretName ?? '']: '{clientSecret}',
    }),
    ...headers,
  }
  return {
    ...(method === 'GET' && { method }),
    ...(bodyFormat === 'json' && { contentType: 'application/json' }),
    ...(bodyFormat === 'none' && { contentType: null }),
    ...(Object.keys(shown).length > 0 && { headers: shown }),
    parameters: {
      ...(grantType !== null && { grant_type: grantType }),
      ...(scopes.length > 0 && { scope: scopes.join(' ') }),
      ...draft.parameters,
      ...(authentication === 'post' && {
        [clientIdName ?? 'client_id']: '{clientId}',
        [clientSecretName ?? 'client_secret']: '{clientSecret}',
      }),
    },
  }
}

function describeGrant(sample: SampleAnswer): object {
  const { form, body, status, tokenHeader } = sample
  const end = endOf(sample)
  const headers = {
    ...(form === 'form' && { 'content-type': 'application/x-www-form-urlencoded' }),
    ...(tokenHeader && { [tokenHeader]: sampleToken }),
  }
  return {
    what: "the vendor's sample",
    ...(status !== undefined && status !== 200 && { status }),
    ...(Object.keys(headers).length > 0 && { headers }),
    body: form === 'form' ? new URLSearchParams(body as Record<string, string>).toString() : (body ?? ''),
    accessToken: sampleToken,
    expiresIn: lifetimeInSeconds(sample) ?? new Code('undefined'),
    // No page says when its sample was given: an hour before its end.
    ...(end && { givenAt: new Code(`new Date(${quote(new Date(end.getTime() - 3_600_000).toISOString())})`) }),
  }
}
