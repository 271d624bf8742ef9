/** The descriptions in the built pages, the reference included. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Pages without a description, and pages with that of another one.
 *
 * @param folder where the built site stands
 */
export function judgeDescriptions(folder: string): readonly string[] {
  const pages = new Map<string, string>()
  return globSync('**/*.html', { cwd: folder })
    .filter((file) => file !== '404.html')
    .sort()
    .flatMap((file) => {
      const html = readFileSync(join(folder, file), 'utf8')
      const description = /<meta name="description" content="([^"]*)"/.exec(html)?.[1] ?? ''
      const other = pages.get(description)
      pages.set(description, file)
      if (description === '') return [`${file} has no description`]
      return other === undefined ? [] : [`${file} has the description of ${other}`]
    })
}
