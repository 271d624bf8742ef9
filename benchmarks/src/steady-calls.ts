/** Calls at a steady pace, whether those before are answered or not. */
import type { Session } from './peer.ts'

/** What became of a call. */
export interface Call {
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
  /** HTTP status; `undefined`: no answer but an error. */
  readonly status: number | undefined
}

/** Milliseconds: a call that takes longer waited for somebody. */
export const slowCall = 50

/** Milliseconds that a call is waited for after the last one was made; one that takes longer counts as failed. */
const patience = 500

/** Resolves when every call has ended, or has been waited for long enough. */
export async function callSteadily(
  { send, finish }: Session,
  url: string,
  { seconds, perSecond }: { readonly seconds: number; readonly perSecond: number },
): Promise<readonly Call[]> {
  if (send === undefined || finish === undefined) throw new TypeError('The session makes no requests.')
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
  const alarm = setTimeout(giveUp, patience)
  try {
    return await Promise.all(calls)
  } finally {
    clearTimeout(alarm)
  }
}
