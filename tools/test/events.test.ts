import { describe, expect, it } from 'vitest'
import { readText } from '../src/read-repository.ts'

/** The events of the core, each with its fields, as its source has them. */
const declared = [
  ...readText('packages/core/src/events.ts').matchAll(
    /export interface \w+Event extends EventOf<'([a-z.]+)'> \{(.*?)\n?\}\n/gs,
  ),
].map(([, type = '', body = '']) => ({
  type,
  fields: [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field]) => field),
}))

/** The page's sections, by the events they are about. */
const sections = new Map(
  readText('docs/events.md')
    .split(/^#{2,3} /m)
    .map((section) => [/^`([a-z.]+)`\n/.exec(section)?.[1], section]),
)

describe('the page of events', () => {
  it('describes exactly the existing events', () => {
    expect(declared.length).toBeGreaterThan(8)
    expect([...sections.keys()].filter((type) => type !== undefined).sort()).toEqual(
      declared.map(({ type }) => type).sort(),
    )
  })

  it('describes the fields of each event and what to do', () => {
    for (const { type, fields } of declared) {
      const section = sections.get(type) ?? ''
      expect.soft(section, type).toContain('**What to do:**')
      const told = new Set(
        [...section.matchAll(/^\| ((?:`\w+`(?:, )?)+) +\|/gm)].flatMap(([, names = '']) => names.match(/\w+/g)),
      )
      expect.soft([...told].sort(), type).toEqual([...fields].sort())
    }
  })

  it('names every tracing channel and its message', () => {
    const source = readText('packages/core/src/diagnostics.ts')
    const [, members = ''] = /^interface Traces \{\n(.*?)^\}/ms.exec(source) ?? []
    const channels = [...members.matchAll(/readonly (\w+):/g)].map(([, name]) => `nightlatch:${name}`)
    expect(channels.length).toBeGreaterThan(2)
    const messages = [...source.matchAll(/^export interface (\w+Trace) \{/gm)].map(([, name]) => name)
    const page = readText('docs/events.md')
    expect([...channels, ...messages].filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })
})
