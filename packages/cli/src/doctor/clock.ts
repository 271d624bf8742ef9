import type { Examination } from './examination.ts'
import { draftFinding, type Finding, skipped } from './finding.ts'

/** Clock difference in seconds that servers commonly tolerate. */
const maxSkew = 30

/** Step `clock`: the difference between this machine's clock and the `Date` header of a response. */
export async function examineClock(examination: Examination): Promise<Finding> {
  const grant = await examination.grant()
  if (grant === undefined) return skipped('no request was sent: the settings are not complete')
  const exchange = grant.exchange ?? grant.metadata.at(-1)
  if (exchange === undefined) return skipped('there was no response to read a time from')
  const date = Date.parse(exchange.headers.get('date') ?? '')
  if (Number.isNaN(date)) return skipped('the response has no Date header')

  const finding = draftFinding()
  // The server set the header between request and response, in whole seconds.
  const middle = (exchange.sentAt + exchange.answeredAt) / 2
  const doubt = 1 + Math.ceil((exchange.answeredAt - exchange.sentAt) / 2000)
  const skew = Math.round((date + 500 - middle) / 1000)
  finding.detail('skewSeconds', skew)
  const size = Math.abs(skew)
  if (size <= doubt) finding.saw(`the server's clock and this machine's agree, to ${doubt} s`)
  else if (size <= maxSkew) finding.saw(describeSkew(skew))
  else {
    finding.warn(
      describeSkew(skew),
      "Set the clock of this machine (NTP), unless the server's clock is wrong. A lifetime in seconds does not depend on the clock. JWT authentication does (an assertion seems expired, or not valid yet), and so does a check of a token's exp or nbf.",
    )
  }
  return finding.done()
}

function describeSkew(seconds: number): string {
  return `the server's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this machine's`
}
