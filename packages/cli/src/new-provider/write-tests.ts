import type { ProviderDraft } from './provider-draft.ts'
import {
  endOf,
  isReadByDefault,
  lifetimeInSeconds,
  replaceAt,
  type SampleAnswer,
  sampleToken,
} from './sample-answer.ts'
import {
  type Code,
  code,
  docComment,
  identifier,
  importLine,
  joinCode,
  membersOf,
  quote,
  toKey,
  toSource,
} from './source-text.ts'

/** Writes the emulation's file. */
export function writeEmulation(draft: ProviderDraft): Code {
  const { name, title, tokenEndpoint, authentication, sample, tokenHeader } = draft
  const fields = {
    name,
    ...(tokenEndpoint.pathname !== '/token' && { tokenPath: tokenEndpoint.pathname }),
    ...(authentication === 'basic-raw' && { basicEncoding: 'raw' }),
    ...writeRequest(draft),
    ...(authentication === 'header' && { readCredentials: writeCredentials(draft) }),
    ...(sample && !isReadByDefault(sample) && { writeGrant: writeGrant(sample) }),
    ...(sample?.tokenHeader && {
      writeGrantHeaders: code`({ accessToken }) => ({ ${toKey(sample.tokenHeader)}: accessToken })`,
    }),
    ...(tokenHeader && { readToken: code`({ headers }) => headers.get(${quote(tokenHeader)}) ?? undefined` }),
  }
  return code`${importLine(['standardEmulation'], ['Emulation', 'StandardOffers'], '@nightlatch/testing')}
${docComment`${title}'s token endpoint as documented, and an API that returns the request it received.`}
export function ${identifier(`${draft.identifier}Emulation`)}(): Emulation<StandardOffers> {
  return standardEmulation({
${membersOf(fields, '    ')}  })
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

function writeCredentials({ clientIdName, clientSecretName = '' }: ProviderDraft): Code {
  const read = (header: string): Code => code`headers.get(${quote(header)}) ?? ''`
  const members = {
    ...(clientIdName && { clientId: read(clientIdName) }),
    clientSecret: read(clientSecretName),
  }
  return code`({ headers }) => ({\n${membersOf(members, '      ')}    })`
}

/** Writes a response like the sample, with the emulator's token and lifetime. */
function writeGrant({ form, body, tokenHeader, token, lifetime, scope }: SampleAnswer): Code {
  if (form === 'text') return code`({ accessToken }) => accessToken`
  if (form === 'none') return code`() => ''`
  const needs = tokenHeader === undefined ? ['accessToken'] : []
  let answer = tokenHeader === undefined ? replaceAt(body, token, code`accessToken`) : body
  if (lifetime !== undefined) {
    const { path, kind, value } = lifetime
    needs.push(/^(epoch|date)/.test(kind) ? 'expiresAt' : 'expiresIn')
    const isHttpDate = kind === 'date' && !/^\d{4}-/.test(String(value))
    const stated = isHttpDate ? code`expiresAt.toUTCString()` : lifetimes[kind]
    const isText = (typeof value === 'string' || form === 'form') && kind !== 'date'
    answer = replaceAt(answer, path, isText ? code`String(${stated})` : stated)
  }
  if (scope !== undefined) {
    needs.push('scopes')
    answer = replaceAt(
      answer,
      scope.filter((step) => typeof step === 'string'),
      code`scopes.join(' ')`,
    )
  }
  const given =
    needs.length === 0
      ? code`()`
      : code`({ ${joinCode(
          needs.map((name) => identifier(name)),
          ', ',
        )} })`
  if (Array.isArray(answer)) return code`${given} => ${toSource(answer, '    ')}`
  const members = (indent: string): Code => membersOf(answer as Readonly<Record<string, unknown>>, indent)
  return form === 'form'
    ? code`${given} =>\n      new URLSearchParams({\n${members('        ')}      }).toString()`
    : code`${given} => ({\n${members('      ')}    })`
}

const lifetimes: Readonly<Record<NonNullable<SampleAnswer['lifetime']>['kind'], Code>> = {
  seconds: code`expiresIn`,
  milliseconds: code`expiresIn * 1000`,
  minutes: code`expiresIn / 60`,
  'epoch-seconds': code`Math.floor(expiresAt.getTime() / 1000)`,
  'epoch-milliseconds': code`expiresAt.getTime()`,
  date: code`expiresAt.toISOString()`,
}

/** Import paths from the test to the other files. */
export interface TestPlaces {
  readonly provider: string
  readonly emulation: string
}

/** Writes the test's file, which runs the conformance suite with the request and response of the vendor's page. */
export function writeTest(draft: ProviderDraft, places: TestPlaces): Code {
  const { api, sample, runner } = draft
  const given = api ? code`{ tokenEndpoint, apiUrl }` : code`{ tokenEndpoint }`
  const emulation = `${draft.identifier}Emulation`
  const fields = {
    describe: code`describe`,
    it: code`it`,
    emulation: identifier(emulation),
    provider: code`(${given}) => ${identifier(draft.identifier)}(${given})`,
    ...(api ? {} : { apiUrl: null }),
    request: describeRequest(draft),
    ...(sample && { grants: [describeGrant(sample)] }),
  }
  const [first, second] = [
    importLine(['testProvider'], [], '@nightlatch/testing'),
    importLine(['describe', 'it'], [], runner),
  ]
  const packages = runner === 'vitest' ? code`${first}${second}` : code`${second}${first}`
  return code`${packages}${importLine([draft.identifier], [], places.provider)}${importLine([emulation], [], places.emulation)}
testProvider({
${membersOf(fields, '  ')}})
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
    expiresIn: lifetimeInSeconds(sample) ?? code`undefined`,
    // A sample does not state its issue time, so assume one hour before its expiry.
    ...(end && { givenAt: code`new Date(${quote(new Date(end.getTime() - 3_600_000).toISOString())})` }),
  }
}
