import { describe } from 'vitest'
import { installed, type Kind } from './server.ts'

/**
 * Tests of each case, in which the kind of server comes first. Where that server is not installed they are skipped, and counted as
 * such: a file that had no tests would fail.
 */
export function onServers<Case extends readonly [Kind, ...string[]]>(
  cases: readonly Case[],
): (title: string, body: (...parameters: [...Case]) => void) => void {
  return (title, body) => {
    for (const one of cases) {
      let part = 0
      const name = title.replace(/%s/g, () => one[part++] ?? '')
      describe.skipIf(!installed.includes(one[0]))(name, () => body(...one))
    }
  }
}
