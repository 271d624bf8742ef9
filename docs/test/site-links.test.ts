import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { checkSite } from '../site/site-links.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nightlatch-site-'))
  write('style.css', '')
  write('key.svg', '<svg/>')
  write('guide/start.html', '<h1 id="start">Start</h1><h2 id="über">Über</h2>')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

function problemsOf(html: string): readonly string[] {
  write('index.html', html)
  return checkSite(folder).problems.map((problem) => problem.replace(/^index\.html: /, ''))
}

it.each([
  '<a href="/guide/start.html">',
  '<a class="x" href="guide/start#start">',
  '<a href="/guide/start.html#%C3%BCber">',
  '<p id="here"><a href="#here">',
  '<a href="https://example.com/a?b=c&amp;d=e#f">',
  '<img alt="" src="data:image/svg+xml;base64,AAAA">',
  '<link rel="canonical" href="https://example.com/index.html">',
  '<link rel="stylesheet" href="/style.css"><img alt="" src="/key.svg">',
  '<script>const link = \'<a href="nowhere.html">\'</script>',
])('%s is in order', (html) => {
  expect(problemsOf(html)).toEqual([])
})

it.each([
  ['<a href="/guide/end.html">', '/guide/end.html leads nowhere'],
  ['<a href="/guide/start.html#end">', '/guide/start.html#end leads to an anchor that is not there'],
  ['<a class="x" href="#end">', '#end leads to an anchor that is not there'],
  ['<a href="https://example">', 'https://example is malformed'],
  ['<a href="https://https://example.com">', 'https://https://example.com is malformed'],
  ['<a href="htp://example.com">', 'htp://example.com is no address'],
  ['<img src="/lock.svg">', '/lock.svg leads nowhere'],
  ['<script src="https://cdn.example.com/a.js"></script>', 'https://cdn.example.com/a.js is loaded from another host'],
  ['<link href="//fonts.example.com/a.css">', '//fonts.example.com/a.css is loaded from another host'],
])('%s is found', (html, problem) => {
  expect(problemsOf(html)).toEqual([problem])
})
