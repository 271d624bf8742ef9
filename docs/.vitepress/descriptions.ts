/** What search engines and previews say about a page: its front matter's `description`, or else its first paragraph. */

export const longestDescription = 160

/** A page without its description that is shorter says too little to choose it from a list. */
export const shortestDescription = 50

/**
 * The description of a page.
 *
 * @param page from `docs`, such as `api/@nightlatch/core/functions/createClient.md`
 * @param source the page's Markdown
 */
export function descriptionOf(page: string, source: string): string {
  const { head, body } = splitFrontMatter(source)
  const written = /^description: *(.*)$/m.exec(head)?.[1]?.replace(/^(["'])(.*)\1$/, '$2')
  if (written !== undefined) return written
  const [, packageName, name = ''] = /^api\/(@[^/]+\/[^/]+)\/(?:.*\/)?([^/]+)\.md$/.exec(page) ?? []
  const paragraph = firstParagraph(body)
  if (packageName === undefined) return shorten(paragraph)
  if (name === 'index')
    return `API reference of ${packageName}: its functions, classes and types by purpose, with a summary of each.`
  return shorten(`${name} of ${packageName}. ${paragraph}`)
}

export function splitFrontMatter(source: string): { readonly head: string; readonly body: string } {
  const [all, head = ''] = /^---\n([\s\S]*?\n)---\n/.exec(source) ?? ['']
  return { head, body: source.slice(all.length) }
}

/** The first paragraph below the title that is prose, as plain text. */
function firstParagraph(body: string): string {
  const paragraphs = body.replace(/^(`{3,}|:{3,})[\s\S]*?^\1$/gm, '').split(/\n{2,}/)
  const first = paragraphs.map((text) => text.trim()).find((text) => /^[\p{L}`*_[]/u.test(text)) ?? ''
  return first
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]+>|[`*]|\\(?=[<>])/g, '')
    .replace(/\s+/g, ' ')
}

/** As many whole sentences as fit; of a longer first one its words. */
function shorten(text: string): string {
  const sentences = text.split(/(?<=[.!?:]) (?=\S)/)
  let result = ''
  for (const sentence of sentences) {
    const longer = `${result} ${sentence}`.trim()
    if (longer.length > longestDescription) break
    result = longer
  }
  if (result.length >= shortestDescription) return result.replace(/:$/, '.')
  const cut = text.slice(0, longestDescription)
  return cut === text
    ? text
    : `${cut.slice(0, cut.lastIndexOf(' ')).replace(/[,;:.]$/, '')} …`.slice(0, longestDescription)
}
