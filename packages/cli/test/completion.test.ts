import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nightlatch } from './run-nightlatch.ts'

/** What bash offers after what was typed; the last word is being typed. */
async function completeInBash(...typed: string[]): Promise<string[]> {
  const { stdout: script } = await nightlatch(['completion', 'bash'])
  const words = ['nightlatch', ...typed].map((word) => `'${word}'`).join(' ')
  const program = `${script}\nCOMP_WORDS=(${words}); COMP_CWORD=${typed.length}; _nightlatch; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', program], { encoding: 'utf8' }).split('\n').filter(Boolean)
}

/** The words that the script offers, by command. */
function readPowerShellTable(script: string): Map<string, string[]> {
  const table = new Map<string, string[]>()
  let words: string[] = []
  for (const line of script.split('\n')) {
    const [, command] = /^ {4}'([^']*)' = @\($/.exec(line) ?? []
    const [, word] = /^ {6},@\('((?:[^']|'')*)', '(?:[^']|'')*'\)$/.exec(line) ?? []
    if (command !== undefined) {
      words = []
      table.set(command, words)
    }
    if (word !== undefined) words.push(word)
  }
  return table
}

const has = (shell: string): boolean => {
  try {
    execFileSync(shell, ['-c', 'true'])
    return true
  } catch {
    return false
  }
}

describe('completion', () => {
  it('bash: commands, providers, flags, files', async () => {
    expect(await completeInBash('to')).toEqual(['token'])
    expect(await completeInBash('')).toEqual(expect.arrayContaining(['demo', 'doctor', 'providers', '--json']))
    expect(await completeInBash('token', 'smart')).toEqual(['smart-completions', 'smart-api'])
    expect(await completeInBash('token', 'prevu3d', '--show')).toEqual(['--show-token'])
    expect(await completeInBash('token', '--js')).toEqual(['--json'])
    expect(await completeInBash('completion', 'z')).toEqual(['zsh'])
    expect(await completeInBash('token', '--client-secret-file', '/etc/host')).toContain('/etc/hosts')
    const folder = await mkdtemp(join(tmpdir(), 'nightlatch two words-'))
    expect(await completeInBash('token', '--client-secret-file', folder.slice(0, -2))).toEqual([folder])
    await rm(folder, { recursive: true })
  })

  it.each(['zsh', 'fish'])('%s: a script that the shell can read', async (shell) => {
    const { stdout, status } = await nightlatch(['completion', shell])
    expect(status).toBe(0)
    for (const word of ['nightlatch', 'doctor', 'smart-completions', 'show-token']) expect(stdout).toContain(word)
    if (has(shell)) execFileSync(shell, shell === 'zsh' ? ['-n', '-c', stdout] : ['--no-execute', '-c', stdout])
  })

  it('PowerShell: a completer with the words of every command, each text in quotes of its own', async () => {
    const { stdout: script, status } = await nightlatch(['completion', 'powershell'])
    expect(status).toBe(0)
    expect(script).toContain('Register-ArgumentCompleter -Native -CommandName nightlatch -ScriptBlock {')
    const table = readPowerShellTable(script)
    expect([...table.keys()]).toEqual([
      '',
      'demo',
      'token',
      'call',
      'doctor',
      'cache',
      'providers',
      'new',
      'completion',
    ])
    expect(table.get('')).toEqual(expect.arrayContaining(['token', 'doctor', '--json', '--config']))
    expect(table.get('token')).toEqual(expect.arrayContaining(['prevu3d', 'smart-api', '--show-token', '--json']))
    expect(table.get('completion')).toEqual(expect.arrayContaining(['bash', 'powershell']))
    expect(script).toMatch(/\$fileFlags = @\(.*'--client-secret-file'.*\)/)
    // What is left without the texts has nothing but balanced brackets, and no text that PowerShell would expand.
    const code = script.replace(/'(?:[^']|'')*'/g, '')
    for (const [open, close] of ['()', '{}', '[]'])
      expect(code.split(open ?? '').length).toBe(code.split(close ?? '').length)
    expect(code).not.toMatch(/["`]/)
    const shell = 'pwsh'
    if (has(shell)) {
      const typed = `${script}\n(TabExpansion2 'nightlatch token sma').CompletionMatches.CompletionText`
      const offered = execFileSync(shell, ['-NoProfile', '-Command', typed], { encoding: 'utf8' })
      expect(offered.split(/\r?\n/).filter(Boolean)).toEqual(['smart-completions', 'smart-api'])
    }
  })

  it('is one document with --json, and refuses other shells', async () => {
    const { stdout } = await nightlatch(['completion', 'fish', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      shell: 'fish',
      script: expect.stringContaining('complete -c nightlatch'),
    })
    const { status, stderr } = await nightlatch(['completion', 'tcsh'])
    expect(status).toBe(2)
    expect(stderr).toContain('bash, zsh, fish, powershell')
  })
})
