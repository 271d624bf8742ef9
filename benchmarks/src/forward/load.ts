/** Requests to a proxy, and how long each took. */
import { Pool } from 'undici'

export interface Load {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly requests: number
  readonly concurrency: number
}

/**
 * Sends GET requests over connections that stay open, and reads each response completely.
 *
 * @returns the duration of each request in microseconds, sorted
 */
export async function sendRequests({ url, headers, requests, concurrency }: Load): Promise<readonly number[]> {
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, { connections: concurrency, pipelining: 1 })
  const durations: number[] = []
  let left = requests
  const caller = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1
      const startedAt = performance.now()
      const { statusCode, body } = await pool.request({ method: 'GET', path: pathname, headers: { ...headers } })
      await body.dump({ limit: Number.POSITIVE_INFINITY })
      durations.push((performance.now() - startedAt) * 1000)
      if (statusCode !== 200) throw new Error(`The proxy responded with ${statusCode}.`)
    }
  }
  try {
    await Promise.all(Array.from({ length: concurrency }, caller))
  } finally {
    await pool.destroy()
  }
  return durations.sort((a, b) => a - b)
}

/** The value below which a share of the sorted values lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/**
 * Reads one long response.
 *
 * @returns the number of bytes
 */
export async function readLong(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, { connections: 1 })
  try {
    const { statusCode, body } = await pool.request({ method: 'GET', path: pathname, headers: { ...headers } })
    if (statusCode !== 200) throw new Error(`The proxy responded with ${statusCode}.`)
    let bytes = 0
    for await (const chunk of body) bytes += (chunk as Buffer).byteLength
    return bytes
  } finally {
    await pool.destroy()
  }
}
