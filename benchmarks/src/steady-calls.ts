/** Makes calls at a steady rate, independent of earlier responses. */
import type { Session } from './peer.ts'

/** The outcome of a call. */
export interface Call {
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
  /** HTTP status; `undefined` for an error. */
  readonly status: number | undefined
}

/** A call that takes longer has waited for a token. */
export const slowCallMs = 50

/** Calls that are still pending this long after the last call count as failed. */
const maxPendingMs = 500

/** Resolves once every call has settled or `maxPendingMs` have passed. */
export async function callSteadily(
  { send, finish }: Session,
  url: string,
  { seconds, perSecond }: { readonly seconds: number; readonly perSecond: number },
): Promise<readonly Call[]> {
  if (send === undefined || finish === undefined) throw new TypeError('The session does not support requests.')
  const first = performance.now()
  let giveUp: () => void = () => {}
  const givenUp = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined)
  })
  const call = async (): Promise<Call> => {
    const from = Date.now()
    const answered = send(url)
      .then(finish)
      .catch(() => undefined)
    const status = await Promise.race([answered, givenUp])
    return { from, to: Date.now(), status }
  }
  const calls: Promise<Call>[] = []
  for (const total = seconds * perSecond; calls.length < total; ) {
    const due = Math.min(total, ((performance.now() - first) / 1000) * perSecond)
    while (calls.length < due) calls.push(call())
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const alarm = setTimeout(giveUp, maxPendingMs)
  try {
    return await Promise.all(calls)
  } finally {
    clearTimeout(alarm)
  }
}
