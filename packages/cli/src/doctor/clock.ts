import type { Examination } from './examination.ts'
import { draftFinding, type Finding, skipped } from './finding.ts'

/** Seconds: what servers that compare clocks commonly let pass. */
const tolerable = 30

/** Step 4: how far this machine's clock is from the server's, by the `Date` of an answer. */
export async function examineClock(examination: Examination): Promise<Finding> {
  const grant = await examination.grant()
  if (grant === undefined) return skipped('nothing was asked: the settings are not complete')
  const exchange = grant.exchange ?? grant.metadata.at(-1)
  if (exchange === undefined) return skipped('there was no answer to read a time from')
  const date = Date.parse(exchange.headers.get('date') ?? '')
  if (Number.isNaN(date)) return skipped('the answer has no Date header')

  const finding = draftFinding()
  // The server wrote it at some moment between the two, in whole seconds.
  const middle = (exchange.sentAt + exchange.answeredAt) / 2
  const doubt = 1 + Math.ceil((exchange.answeredAt - exchange.sentAt) / 2000)
  const skew = Math.round((date + 500 - middle) / 1000)
  finding.detail('skewSeconds', skew)
  const size = Math.abs(skew)
  if (size <= doubt) finding.saw(`the server's clock and this machine's agree, to ${doubt} s`)
  else if (size <= tolerable) finding.saw(describeSkew(skew))
  else {
    finding.warn(
      describeSkew(skew),
      'Set the clock of this machine (NTP), unless it is the server that is wrong. A lifetime in seconds is counted here and does not care; JWT authentication does (an assertion seems expired, or not valid yet), and so does who compares exp or nbf of a token with a clock.',
    )
  }
  return finding.done()
}

function describeSkew(seconds: number): string {
  return `the server's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this machine's`
}
