import { expect, it } from 'vitest'
import { headingAnchor } from '../.vitepress/heading-anchor.ts'

it.each([
  ['Ten lines', 'ten-lines'],
  ['invalid_options', 'invalid_options'],
  ['`forget` and `close`', 'forget-and-close'],
  ['What is sent, and where?', 'what-is-sent-and-where'],
  ['Über - uns', 'über---uns'],
])('a heading "%s" has the anchor of the host, %s', (title, anchor) => {
  expect(headingAnchor(title)).toBe(anchor)
  expect(headingAnchor(anchor)).toBe(anchor)
})
