import type { ClientReport } from './client-report.ts'
import type { TrafficCount } from './traffic.ts'

/** What the status page shows. */
export interface StatusReport {
  readonly at: string
  readonly clients: readonly ClientReport[]
  readonly requests: readonly TrafficReport[]
}

/** The requests of one caller to one upstream. */
export interface TrafficReport {
  readonly caller: string | null
  readonly upstream: string | null
  readonly requests: number
  /** With a status of 400 or more. */
  readonly failed: number
  /** Mean, in milliseconds. */
  readonly ms: number
}

/** Describes the requests of one caller to one upstream. */
export function reportTraffic({ caller, upstream, total, statuses, seconds }: TrafficCount): TrafficReport {
  const failed = [...statuses].reduce((sum, [status, count]) => (status >= 400 ? sum + count : sum), 0)
  return {
    caller: caller === '' ? null : caller,
    upstream: upstream === '' ? null : upstream,
    requests: total,
    failed,
    ms: total === 0 ? 0 : Math.round((seconds / total) * 10_000) / 10,
  }
}

/** States in words, with what an operator needs to know of them. */
const stateWords: Readonly<Record<ClientReport['state'], string>> = {
  none: 'No token yet',
  fresh: 'Fresh',
  stale: 'Valid, refresh overdue',
  requesting: 'Refreshing',
  refused: 'Refused',
}

const style = `
:root { color-scheme: light dark; --text: #1a1d21; --soft: #59616b; --page: #fff; --line: #d5dae0; --good: #17683a; --bad: #a8201a; --wait: #7a4b00 }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaed; --soft: #a3adb8; --page: #16191d; --line: #3a4149; --good: #6fd397; --bad: #ff9d96; --wait: #f0bd6a } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1rem; max-width: 64rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--page) }
h1 { font-size: 1.5rem; margin: 0 0 .25rem } p { margin: 0 0 1rem }
.soft { color: var(--soft) } .good { color: var(--good) } .bad { color: var(--bad) } .wait { color: var(--wait) }
table { width: 100%; border-collapse: collapse; margin: 0 0 2rem }
caption { text-align: left; font-weight: 600; font-size: 1.15rem; padding: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); overflow-wrap: break-word }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
ul { margin: .25rem 0 0; padding-left: 1.2rem }
@media (max-width: 40rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  tr { display: block; border-top: 1px solid var(--line); padding: .5rem 0 }
  th, td, td.number { display: block; border: 0; padding: .1rem 0; text-align: left; overflow-wrap: anywhere }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--soft) }
}`

/** Writes the status page: HTML without script, legible on a telephone and by a screen reader. */
export function writeStatusPage({ at, clients, requests }: StatusReport): string {
  const failing = clients.filter(({ state, failure }) => state === 'refused' || failure !== null)
  const summary =
    failing.length === 0
      ? '<span class="good">All clients are healthy.</span>'
      : `<span class="bad">Problem with ${failing.length} of ${clients.length} clients: ${failing.map(({ name }) => escapeHtml(name)).join(', ')}.</span>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Nightlatch gateway: ${failing.length === 0 ? 'healthy' : `${failing.length} with a problem`}</title>
<style>${style}
</style>
</head>
<body>
<main>
<h1>Nightlatch gateway</h1>
<p role="status">${summary} <span class="soft">As of <time datetime="${at}">${shortTime(at)}</time> UTC.</span></p>
<table>
<caption>Clients</caption>
<thead><tr><th scope="col">Client</th><th scope="col">State</th><th scope="col">Last grant</th><th scope="col">Next refresh</th><th scope="col">Store</th><th scope="col">Problem</th></tr></thead>
<tbody>
${clients.map(clientRow).join('\n')}
</tbody>
</table>
<table>
<caption>Requests since the start</caption>
<thead><tr><th scope="col">Caller</th><th scope="col">Upstream</th><th scope="col" class="number">Requests</th><th scope="col" class="number">Failed</th><th scope="col" class="number">Mean time</th></tr></thead>
<tbody>
${requests.length === 0 ? '<tr><td colspan="5">None yet.</td></tr>' : requests.map(trafficRow).join('\n')}
</tbody>
</table>
</main>
</body>
</html>
`
}

function clientRow(client: ClientReport): string {
  const { name, provider, state, lastGrant, nextRefresh, servedUntil, retryAt, store, failure } = client
  const tone =
    state === 'refused' || (state === 'none' && failure !== null) ? 'bad' : state === 'fresh' ? 'good' : 'wait'
  const until = servedUntil === null ? '' : ` <span class="soft">until ${timeOf(servedUntil)}</span>`
  const retry = retryAt === null ? '' : ` <span class="soft">until ${timeOf(retryAt)}</span>`
  const stateCell = `<span class="${tone}">${stateWords[state]}</span>${state === 'refused' ? retry : until}`
  return `<tr><th scope="row">${escapeHtml(name)} <span class="soft">(${escapeHtml(provider)})</span></th>${[
    cell('State', stateCell),
    cell('Last grant', timeOf(lastGrant)),
    cell('Next refresh', timeOf(nextRefresh)),
    cell('Store', store === 'unavailable' ? '<span class="bad">unavailable</span>' : store),
    cell('Problem', failure === null ? 'none' : describeFailure(failure)),
  ].join('')}</tr>`
}

function describeFailure({ at, code, error, hints }: NonNullable<ClientReport['failure']>): string {
  const list = hints.length === 0 ? '' : `<ul>${hints.map((hint) => `<li>${escapeHtml(hint)}</li>`).join('')}</ul>`
  const codes = error === null ? code : `${code}, ${error}`
  return `<span class="bad">${escapeHtml(codes)}</span> at ${timeOf(at)}${list}`
}

function trafficRow({ caller, upstream, requests, failed, ms }: TrafficReport): string {
  return `<tr><th scope="row">${caller === null ? 'unnamed' : escapeHtml(caller)}</th>${[
    cell('Upstream', upstream === null ? 'none' : escapeHtml(upstream)),
    cell('Requests', String(requests), true),
    cell('Failed', String(failed), true),
    cell('Mean time', `${ms} ms`, true),
  ].join('')}</tr>`
}

function cell(label: string, content: string, isNumber = false): string {
  return `<td data-label="${label}"${isNumber ? ' class="number"' : ''}>${content}</td>`
}

function timeOf(instant: string | null): string {
  return instant === null ? '–' : `<time datetime="${instant}">${shortTime(instant)}</time>`
}

function shortTime(instant: string): string {
  return instant.slice(0, 19).replace('T', ' ')
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
