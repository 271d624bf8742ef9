import { join } from 'node:path'
import { expect, it } from 'vitest'
import { schemedPicture } from '../.vitepress/schemed-pictures.ts'

const docs = join(import.meta.dirname, '..')

it('a picture with both schemes is there for light and for dark, each with its narrow drawing and its words', () => {
  const html = schemedPicture('fleet.svg', 'Bars &amp; lines', docs)
  for (const scheme of ['light', 'dark']) {
    const [, source = '', image = ''] =
      new RegExp(`<picture class="in-${scheme}"><source ([^>]*)><img ([^>]*)></picture>`).exec(html ?? '') ?? []
    expect(source).toMatch(/^media="\(max-width: 719px\)" /)
    expect(source).toMatch(new RegExp(`srcset="./fleet-narrow.svg#${scheme}" width="360" height="\\d+"$`))
    expect(image).toMatch(new RegExp(`^src="./fleet.svg#${scheme}" alt="Bars &amp; lines" width="688" height="\\d+" `))
  }
})

it('a picture without a narrow drawing has none', () => {
  const html = schemedPicture('../docs/pictures/token-states.svg', 'The states', join(docs, 'guides/..'))
  expect(html).toContain('<img src="../docs/pictures/token-states.svg#dark"')
  expect(html).not.toContain('<source')
})

it('a screenshot has its other scheme beside it', () => {
  const html = schemedPicture('pictures/gateway-status.png', 'The page', docs)
  expect(html).toContain('<picture class="in-light"><img src="./pictures/gateway-status.png"')
  expect(html).toContain('<picture class="in-dark"><img src="./pictures/gateway-status-dark.png"')
  expect(html?.match(/ width="1000" height="844" /g)).toHaveLength(2)
})

it.each(['demo.svg', 'absent.svg', 'https://example.com/a.png'])('%s has one scheme', (file) => {
  expect(schemedPicture(file, 'A picture', docs)).toBeUndefined()
})
