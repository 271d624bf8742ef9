import { readFileSync } from 'node:fs'
import { type DocumentedAnswer, type DocumentedEndpoint, type DocumentedRequest, endpoints } from './documented.ts'

/** The page with what stands between its markers written anew. */
export function renderPage(page: string): string {
  return fill(fill(page, 'table', renderTable()), 'endpoints', endpoints.map(renderEndpoint).join('\n'))
}

function fill(page: string, name: string, content: string): string {
  const [before, after] = [`<!-- ${name}: written by \`pnpm tools endpoints\` -->\n`, `<!-- ${name}: end -->`]
  const start = page.indexOf(before)
  const end = page.indexOf(after)
  if (start < 0 || end < start) throw new Error(`The page has no markers for ${name}.`)
  return `${page.slice(0, start + before.length)}\n${content}\n${page.slice(end)}`
}

function renderTable(): string {
  const rows = endpoints.map(({ title, authentication, odd }) => [
    `[${title}](#${anchorOf(title)})`,
    authentication,
    odd,
  ])
  return `${layTable([['endpoint', 'credentials go into', 'what is odd'], ...rows])}\n`
}

/** Columns of one width, as a formatter lays them. */
function layTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}

/** As a site like GitHub makes it of a heading. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
}

function renderEndpoint({ slug, title, odd, missing, request, answer, sources }: DocumentedEndpoint): string {
  const code = readFileSync(new URL(`../src/${slug}.ts`, import.meta.url), 'utf8').trimEnd()
  const links = sources.map(([name, url]) => `[${name}](${url})`).join(', ')
  return [
    `### ${title}`,
    odd,
    block('ts', code),
    block('http', renderRequest(request)),
    block('http', renderAnswer(answer)),
    `Source: ${links}.${missing === undefined ? '' : ` Not documented there: ${missing}`}`,
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n')
}

function block(language: string, code: string): string {
  return `\`\`\`${language}\n${code}\n\`\`\``
}

function renderRequest({ method, url, headers, body }: DocumentedRequest): string {
  const { host, pathname, search } = new URL(url)
  return [
    `${method} ${pathname}${search}`,
    ...renderHeaders({ host, ...headers }),
    ...(body === undefined ? [] : ['', typeof body === 'string' ? body : JSON.stringify(body, null, 2)]),
  ].join('\n')
}

function renderAnswer({ status = 200, headers = {}, body }: DocumentedAnswer): string {
  return [
    `HTTP/1.1 ${status} ${status === 201 ? 'Created' : 'OK'}`,
    ...renderHeaders({ 'content-type': 'application/json', ...headers }),
    '',
    JSON.stringify(body, null, 2),
  ].join('\n')
}

function renderHeaders(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(headers).map(
    ([name, value]) => `${name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase())}: ${value}`,
  )
}
