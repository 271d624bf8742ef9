/** Headers of an outage: clients report such a long Retry-After instead of retrying, so checks do not wait. */
export const outageHeaders: Readonly<Record<string, string>> = { 'retry-after': '60' }
