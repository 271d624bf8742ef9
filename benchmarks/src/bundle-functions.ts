/** Bundles serverless functions, each with one peer, as tools for AWS Lambda do. */
import { join } from 'node:path'
import { build } from 'esbuild'

/** The module and the export of each peer's adapter. */
export const functionPeers: Readonly<Record<string, { readonly file: string; readonly peer: string }>> = {
  nightlatch: { file: 'nightlatch', peer: 'nightlatch' },
  'hand-written': { file: 'hand-written', peer: 'handWritten' },
  'openid-client': { file: 'openid-client', peer: 'openidClient' },
  '@badgateway/oauth2-client': { file: 'badgateway', peer: 'badgateway' },
}

const folder = join(import.meta.dirname, '../.built/functions')

export function functionFile(peer: string): string {
  return join(folder, `${functionPeers[peer]?.file}.cjs`)
}

/** @param conditions additional conditions of the packages' exports */
export async function bundleFunctions(conditions: readonly string[]): Promise<void> {
  await Promise.all(
    Object.entries(functionPeers).map(([name, { file, peer }]) =>
      build({
        stdin: {
          contents: `import { ${peer} as peer } from './peers/${file}.ts'
import { answerOnce } from './answer-once.ts'
export const handler = ({ origin }) => answerOnce(peer, origin)`,
          resolveDir: import.meta.dirname,
          loader: 'ts',
        },
        bundle: true,
        minify: true,
        platform: 'node',
        target: 'node24',
        format: 'cjs',
        conditions: [...conditions],
        outfile: functionFile(name),
        logLevel: 'error',
      }),
    ),
  )
}
