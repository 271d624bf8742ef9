import type { Examination } from './examination.ts'
import { draftFinding, type Finding, skipped } from './finding.ts'
import { adviseReader } from './reader-advice.ts'
import { parseFields, showNames, showPaths, showText } from './shown-text.ts'

/** Fields of a token response that the core reads, in all spellings, or that are known to be harmless. */
const known: ReadonlySet<string> = new Set([
  ...['access_token', 'accessToken', 'token_type', 'tokenType', 'scope', 'scopes', 'expires_in', 'expiresIn'],
  ...[
    'expires_in_ms',
    'expiresInMs',
    'refresh_in',
    'refreshIn',
    'hasError',
    'ext_expires_in',
    'expires_on',
    'not_before',
    'resource',
  ],
  ...['error', 'error_description', 'error_uri', 'errorDescription'],
  ...['errorCode', 'errorSummary', 'errorLink', 'errorId', 'errorCauses'],
])

/** Secret fields that this grant does not use. */
const surplus: ReadonlySet<string> = new Set(['refresh_token', 'refreshToken', 'id_token', 'idToken'])

/** Step `token-response`: the fields of the token response. Of values, only those that are never secret are shown. */
export async function examineTokenResponse(examination: Examination): Promise<Finding> {
  const { evidence, output } = examination
  const grant = evidence.granted ?? (await examination.grant())
  if (grant?.exchange === undefined) return skipped('there was no response')
  const { exchange, token, provider } = grant
  const text = await exchange.text
  const type = exchange.headers.get('content-type')
  const fields = parseFields(text, type)
  const finding = draftFinding()
  finding.detail('contentType', type === null ? null : showText(type))
  if (text === undefined) {
    finding.fail('the response broke off, or is longer than 1 MiB', 'Check the address of the token endpoint.')
    return finding.done()
  }
  if (fields === undefined) {
    const kind = /^\s*<(!doctype|html)/i.test(text) ? 'an HTML page' : text.trim() === '' ? 'empty' : 'text'
    const said = `the response is ${kind}, not JSON (content type: ${type === null ? 'none' : showText(type)})`
    finding.detail('kind', kind)
    if (kind === 'an HTML page') {
      finding.fail(said, 'Check the address of the token endpoint: a sign-in page or a proxy responds there.')
    } else finding.warn(said)
    if (kind === 'text' && token === undefined && grant.failure?.code === 'response_unreadable') {
      adviseReader(finding, examination, { text, headers: exchange.headers })
    }
    return finding.done()
  }

  const pick = (...names: readonly string[]): unknown =>
    names.map((name) => fields[name]).find((value) => value != null)
  for (const secret of [pick('access_token', 'accessToken'), ...[...surplus].map((name) => fields[name])]) {
    if (typeof secret === 'string') output.hide(secret)
  }
  const names = showNames(fields)
  finding.saw(`fields: ${names.length === 0 ? 'none' : names.join(', ')}`)
  finding.detail('fields', names)
  const odd = showNames(
    Object.fromEntries(
      Object.keys(fields)
        .map((name) => [name, 0])
        .filter(([name]) => !known.has(String(name))),
    ),
  )
  const unknown = odd.filter((name) => !surplus.has(name))
  if (unknown.length > 0) finding.saw(`not read: ${unknown.join(', ')}`)
  finding.detail('unknownFields', unknown)
  for (const name of Object.keys(fields).filter((field) => surplus.has(field))) {
    finding.warn(`${name} is there, but this grant does not use it, so it is dropped (RFC 6749 section 4.4.3)`)
  }
  if (type !== null && !/json|x-www-form-urlencoded/i.test(type)) {
    finding.saw(`the content type is ${showText(type)}, not JSON; the response was read nevertheless`)
  }
  if (token === undefined) {
    if (grant.failure?.code === 'response_unreadable') {
      finding.detail('paths', showPaths(fields))
      finding.fail(
        `no token in a known place (access_token, accessToken); the response has ${showPaths(fields).join(', ') || 'no field'}`,
      )
      adviseReader(finding, examination, { text, headers: exchange.headers })
      return finding.done()
    }
    const { saw, ...done } = finding.done()
    return { ...done, status: 'skipped', saw: ['the response is an error: see the steps before', ...saw] }
  }

  const tokenType = pick('token_type', 'tokenType')
  finding.saw(
    `token type: ${tokenType === undefined ? 'not named, taken as' : `${showValue(tokenType)}, used as`} ${token.type}`,
  )
  finding.detail('tokenType', { given: tokenType === undefined ? null : showValue(tokenType), used: token.type })

  const scope = pick('scope', 'scopes')
  const asked = provider.scopes ?? []
  const granted = token.scopes ?? []
  finding.saw(`scope: ${scope === undefined ? 'not named' : granted.map(showText).join(' ')}`)
  finding.detail('scope', { asked, named: scope !== undefined, granted: granted.map(showText) })
  const lacking = asked.filter((one) => !granted.includes(one))
  if (scope !== undefined && lacking.length > 0) {
    finding.warn(
      `requested but not granted: ${lacking.join(' ')}`,
      `Ask the person who registered the client for the scope ${lacking.join(' ')}, or correct its spelling, including upper and lower case.`,
    )
  }

  const milliseconds = pick('expires_in_ms', 'expiresInMs')
  const lifetime =
    pick('expires_in', 'expiresIn') ?? (milliseconds === undefined ? undefined : Number(milliseconds) / 1000)
  const left =
    token.expiresAt === undefined ? undefined : Math.round((token.expiresAt.getTime() - exchange.sentAt) / 1000)
  if (Number.isFinite(Number(lifetime))) evidence.namedLifetime = Number(lifetime)
  finding.detail('lifetime', {
    given: lifetime === undefined ? null : showValue(lifetime),
    seconds: left ?? null,
    expiresAt: token.expiresAt?.toISOString() ?? null,
  })
  const judged = left === undefined ? 'unknown: such a token is cached only briefly' : `${left} s`
  const isBelieved = left !== undefined && Number(lifetime) === left
  if (lifetime === undefined) finding.saw(`lifetime: not named, treated as ${judged}`)
  else if (isBelieved && Number(lifetime) >= maxSeconds && Number(lifetime) % 1000 === 0) {
    finding.warn(
      `lifetime: ${showValue(lifetime)}, which looks like milliseconds; as seconds it is ${Math.round(Number(lifetime) / 86_400)} days`,
      'Ask the vendor whether the lifetime is in milliseconds; if it is, write a readTokenResponse whose expiresIn is secondsFromMilliseconds of that field.',
    )
  } else if (isBelieved) finding.saw(`lifetime: ${showValue(lifetime)} s`)
  else if (left !== undefined && left < Number(lifetime)) {
    finding.saw(
      `lifetime: ${showValue(lifetime)} s, shortened to ${left} s by the token's own exp or the response's Age`,
    )
  } else {
    finding.warn(
      `lifetime: ${showValue(lifetime)}, which is not a valid number of seconds; treated as ${judged}`,
      left === undefined ? 'Tell the vendor that the lifetime in its token response is wrong.' : undefined,
    )
  }
  return finding.done()
}

/** A longer lifetime in seconds, 35 days, is probably in milliseconds. */
const maxSeconds = 35 * 86_400

/** Shows a number or a short plain text. Anything else may be a secret in the wrong field. */
function showValue(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && /^[\w .:+-]{0,40}$/.test(value) ? `"${value}"` : `(a ${typeof value}, not shown)`
}
