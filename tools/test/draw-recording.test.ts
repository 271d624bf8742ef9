import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { drawRecording, readPicture, readShown } from '../src/draw-recording.ts'

const root = join(import.meta.dirname, '../..')

/** A token of one hour prints as 59 min 59 s on a slow machine. */
const withoutDelay = (text: string): string => text.replaceAll('59 min 59 s', '1 h')

describe('recording', () => {
  it('of the demo matches the demo’s output', () => {
    const bin = join(root, 'packages/cli/src/bin.ts')
    const printed = execFileSync(process.execPath, ['--conditions=@nightlatch/source', bin, 'demo'], {
      encoding: 'utf8',
      env: { FORCE_COLOR: '1' },
    })
    const picture = readFileSync(join(root, 'docs/demo.svg'), 'utf8')
    // A difference: record it again, `npx -y pnpm@12 tools record`.
    const shown = readShown(`$ npx -y pnpm@12 demo\n${printed}`)
    expect(withoutDelay(readPicture(picture))).toBe(withoutDelay(shown))
  })

  it('keeps styles and text, and escapes markup', () => {
    const picture = drawRecording('\u001b[1mtitle\u001b[22m\n  \u001b[32m✓\u001b[39m done <b> & "more"\n', 'run')
    expect(picture).toContain('<tspan class="bold">title</tspan>')
    expect(picture).toContain(
      '<tspan class="good">✓</tspan><tspan class=""> done &lt;b&gt; &amp; &quot;more&quot;</tspan>',
    )
    expect(readPicture(drawRecording('a <b> & c', 'run'))).toBe('$ run\na <b> & c')
  })
})
