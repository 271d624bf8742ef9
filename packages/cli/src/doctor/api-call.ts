import { explainNetworkFailure, NightlatchError, readNetworkFailure } from '@nightlatch/core'
import { inFlags } from '../flag-words.ts'
import type { ApiCall } from './evidence.ts'
import type { Examination } from './examination.ts'
import { draftFinding, type Finding, type FindingDraft, skipped } from './finding.ts'
import { showUrl } from './shown-text.ts'

/** Step `api-call`: one call of the API that changes nothing. Redirects are reported, not followed. */
export async function examineApiCall({ evidence, knowledge, known, timeout, waitFor }: Examination): Promise<Finding> {
  const { granted, api } = evidence
  if (granted === undefined) return skipped('it takes a token')
  if (api === undefined) return skipped("the API's address is not known")
  const { path, documentedIn } = knowledge.harmlessCall(api.info)
  const url = new URL(api.baseUrl)
  url.pathname = `${withoutTrailingSlashes(url.pathname)}/${path}`

  const finding = draftFinding()
  finding.detail('url', showUrl(url))
  finding.detail('documentedIn', documentedIn ?? null)
  const before = granted.tokenRequests()
  const signal = AbortSignal.timeout(timeout * 1000)
  const startedAt = Date.now()
  try {
    const headers = { accept: 'application/json' }
    const response = await waitFor(
      `the API at ${url.host}`,
      granted.client.fetch(url, { headers, redirect: 'manual', signal }),
    )
    const text = await response.text()
    const call: ApiCall = {
      url,
      status: response.status,
      body: parse(text),
      isWebPage: /^\s*<(!doctype|html)/i.test(text),
    }
    evidence.call = call
    finding.detail('status', call.status)
    finding.saw(`GET ${showUrl(url)} answered ${call.status} after ${(Date.now() - startedAt) / 1000} s`)
    if (documentedIn === undefined) finding.saw('what a call of this address does is not documented')
    if (granted.tokenRequests() > before) finding.saw('the API rejected the token, so the client sent a new one')
    judge(finding, call, documentedIn !== undefined, response.headers.get('location'))
  } catch (failure) {
    const reason = readNetworkFailure(failure)
    const code = signal.aborted
      ? 'timed out'
      : failure instanceof NightlatchError
        ? failure.code
        : (reason.code ?? 'unknown')
    finding.detail('code', code)
    if (failure instanceof NightlatchError) {
      finding.fail(`${code}: ${failure.message}`, ...failure.hints.map((hint) => inFlags(hint, known)))
    } else if (signal.aborted) {
      finding.fail(`no response within ${timeout} s`, 'Try again with a longer --timeout.')
    } else {
      const { said, hints } = explainNetworkFailure(reason)
      finding.fail(`${url.origin} ${said}`, ...hints)
    }
  }
  return finding.done()
}

function judge(
  finding: FindingDraft,
  { url, status, isWebPage }: ApiCall,
  isDocumented: boolean,
  location: string | null,
): void {
  const base = showUrl(url)
  if (status === 401 || status === 403) {
    // The next step gives the advice.
    finding.fail(status === 401 ? 'the API does not take the token' : 'the API does not permit the call')
  } else if (status >= 200 && status <= 299) {
    if (isWebPage) finding.warn('the response is a web page', `Check the base URL: there is a web page at ${base}.`)
  } else if (status >= 300 && status <= 399) {
    const target = URL.parse(location ?? '', url)
    finding.fail(
      `it redirects${target === null ? '' : ` to ${showUrl(target)}`}`,
      'Check the base URL: an API does not redirect. The target may be a sign-in page or another address of the API.',
    )
  } else if (status === 429 || status > 499) {
    finding.fail(
      'the API has an internal error or too many requests',
      'Try again later. If it still fails, contact the operator of the API.',
    )
  } else if (isDocumented) {
    finding.fail('the API has no such path', `Check the base URL: ${base} should be there.`)
  } else {
    finding.warn(
      'a server responds, but this does not show whether it accepts the token',
      'Make a call that the product documents, with nightlatch call.',
    )
  }
}

function withoutTrailingSlashes(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end -= 1
  return path.slice(0, end)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
