import { finishResponse, grantByHand, type Peer, type Settings } from '../peer.ts'

interface Held {
  readonly value: string
  /** When the token is replaced, in milliseconds since the epoch. */
  readonly staleAt: number
}

/** A simple but careful cache: one clock reading, one request for concurrent callers, a margin before expiry. */
export const handWritten: Peer = {
  caches: true,
  async open(settings) {
    let held: Held | undefined
    let pending: Promise<string> | undefined
    const renew = async (): Promise<string> => {
      held = await ask(settings)
      return held.value
    }
    const token = async (): Promise<string> => {
      if (held !== undefined && Date.now() < held.staleAt) return held.value
      pending ??= renew().finally(() => {
        pending = undefined
      })
      return await pending
    }
    const { fetch = (input, init) => globalThis.fetch(input, init) } = settings
    return {
      token,
      reveal: (value) => value as string,
      grant: renew,
      send: async (url) => await fetch(url, { headers: { authorization: `Bearer ${await token()}` } }),
      finish: finishResponse,
    }
  },
  async openPool(settings) {
    const held = new Map<string, Held>()
    const pending = new Map<string, Promise<string>>()
    const renew = async (tenant: string): Promise<string> => {
      try {
        const renewed = await ask({ ...settings, clientId: tenant })
        held.set(tenant, renewed)
        return renewed.value
      } finally {
        pending.delete(tenant)
      }
    }
    return async (tenant) => {
      const found = held.get(tenant)
      if (found !== undefined && Date.now() < found.staleAt) return found.value
      const waiting = pending.get(tenant) ?? renew(tenant)
      pending.set(tenant, waiting)
      return await waiting
    }
  },
}

/** The lifetime counts from before the request; the margin is a tenth of it, at most a minute. */
async function ask(settings: Settings): Promise<Held> {
  const askedAt = Date.now()
  const { access_token, expires_in } = await grantByHand(settings)
  return { value: access_token, staleAt: askedAt + expires_in * 1000 - Math.min(60_000, expires_in * 100) }
}
