import type { PrintToken } from './token-request.ts'

/** The formats for other programs, each loaded when it is used. */
export const programFormats: Readonly<Record<string, () => Promise<PrintToken>>> = {
  header: async () => (await import('./shell.ts')).printHeader,
  env: async () => (await import('./shell.ts')).printEnvironment,
  'exec-credential': async () => (await import('./exec-credential.ts')).printExecCredential,
  'aws-process': async () => (await import('./aws-process.ts')).printAwsCredentials,
  'git-credential': async () => (await import('./git-credential.ts')).answerGit,
  docker: async () => (await import('./docker.ts')).answerDocker,
}

/** All values of `--format`. */
export const formatNames: readonly string[] = ['text', 'json', ...Object.keys(programFormats)]

/** What a credential helper is asked to do, by format; other formats know no operation. */
export const operations: Readonly<Record<string, readonly string[]>> = {
  'git-credential': ['get', 'store', 'erase'],
  docker: ['get', 'store', 'erase', 'list'],
}

/** The flags of single formats. */
export const formatFlags: Readonly<Record<string, readonly string[]>> = {
  username: ['git-credential', 'docker'],
  variable: ['env'],
  roleArn: ['aws-process'],
  roleSessionName: ['aws-process'],
  region: ['aws-process'],
}
