/**
 * Headers of an outage. No client waits a minute for its next attempt: the failure is there at once, and a check need not wait
 * for retries that it says nothing about.
 */
export const outageHeaders: Readonly<Record<string, string>> = { 'retry-after': '60' }
