import { Argument, type Command } from 'commander'
import type { Output } from '../output/output.ts'
import { presetNames } from '../preset-providers.ts'
import { knownProviders } from '../providers.ts'

const shells = { bash: writeBash, zsh: writeZsh, fish: writeFish, powershell: writePowerShell } as const

/** `nightlatch completion <shell>`: prints a script that completes commands, flags and providers. */
export function addCompletionCommand(program: Command, output: Output): void {
  program
    .command('completion')
    .description('print a script that completes commands, flags and providers in a shell')
    .addArgument(new Argument('<shell>', 'whose script').choices(Object.keys(shells)))
    .addHelpText('after', examples)
    .action((shell: keyof typeof shells, _flags: unknown, command: Command) => {
      const script = shells[shell](listWords(program))
      if (command.optsWithGlobals<{ json?: true }>().json === true) output.printJson({ shell, script })
      else output.print(script)
    })
}

const examples = `
Examples:
  $ source <(nightlatch completion bash)                                        # in ~/.bashrc
  $ source <(nightlatch completion zsh)                                         # in ~/.zshrc, after compinit
  $ nightlatch completion fish > ~/.config/fish/completions/nightlatch.fish
  > nightlatch completion powershell | Out-String | Invoke-Expression             # in $PROFILE, for PowerShell 5.1 and 7`

/** What a user can type after a command; '' is the program itself. */
interface Words {
  readonly command: string
  readonly description: string
  readonly flags: readonly { readonly flag: string; readonly description: string; readonly takesFile: boolean }[]
  /** Values of the first argument. */
  readonly choices: readonly string[]
}

function listWords(program: Command): readonly Words[] {
  const words = (command: Command, name: string): Words => ({
    command: name,
    description: command.description(),
    flags: [...command.options, ...(command === program ? [] : program.options)].flatMap(
      ({ long, description, flags }) =>
        long === null || long === undefined
          ? []
          : [{ flag: long, description, takesFile: /<path>|<folder>/.test(flags) }],
    ),
    choices: command.registeredArguments.slice(0, 1).flatMap((argument) => {
      if (argument.argChoices !== undefined) return argument.argChoices
      return argument.name() === 'provider'
        ? [...knownProviders.map(({ name: provider }) => provider), ...presetNames]
        : []
    }),
  })
  return [words(program, ''), ...program.commands.map((command) => words(command, command.name()))]
}

function writeBash(all: readonly Words[]): string {
  const commands = all.filter(({ command }) => command !== '')
  const branches = commands.map(
    ({ command, flags, choices }) =>
      `    ${command}) words=${quote([...choices, ...flags.map(({ flag }) => flag)].join(' '))} ;;`,
  )
  const top = [...commands.map(({ command }) => command), ...flagsOf(all, '')].join(' ')
  return `# bash completion of nightlatch
_nightlatch() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words
  case $previous in
    ${fileFlags(all).join('|')}) local IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case \${COMP_WORDS[1]} in
${branches.join('\n')}
    *) words=${quote(top)} ;;
  esac
  if ((COMP_CWORD == 1)); then words=${quote(top)}; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _nightlatch nightlatch`
}

function writeZsh(all: readonly Words[]): string {
  const commands = all.filter(({ command }) => command !== '')
  const describe = (word: string, description: string): string => quote(`${word.replaceAll(':', '\\:')}:${description}`)
  const branches = commands.map(({ command, flags, choices }) => {
    const words = [
      ...choices.map((choice) => quote(choice)),
      ...flags.map(({ flag, description }) => describe(flag, description)),
    ]
    return `    ${command}) found=(${words.join(' ')}) ;;`
  })
  const top = commands.map(({ command, description }) => describe(command, description))
  const flags = all.find(({ command }) => command === '')?.flags ?? []
  return `#compdef nightlatch
_nightlatch() {
  local -a found
  case \${words[CURRENT-1]} in
    ${fileFlags(all).join('|')}) _files; return ;;
  esac
  case \${words[2]} in
${branches.join('\n')}
  esac
  if ((CURRENT == 2)); then found=(${[...top, ...flags.map(({ flag, description }) => describe(flag, description))].join(' ')}); fi
  _describe nightlatch found
}
compdef _nightlatch nightlatch`
}

function writeFish(all: readonly Words[]): string {
  const lines = ['# fish completion of nightlatch', 'complete -c nightlatch -f']
  for (const { command, description, flags, choices } of all) {
    const when = command === '' ? '' : ` -n ${quote(`__fish_seen_subcommand_from ${command}`)}`
    if (command !== '') {
      lines.push(`complete -c nightlatch -n __fish_use_subcommand -a ${command} -d ${quote(description)}`)
    }
    if (choices.length > 0) lines.push(`complete -c nightlatch${when} -a ${quote(choices.join(' '))}`)
    for (const { flag, description: meaning, takesFile } of flags) {
      const file = takesFile ? ' -r -F' : ''
      lines.push(`complete -c nightlatch${when} -l ${flag.slice(2)}${file} -d ${quote(meaning)}`)
    }
  }
  return lines.join('\n')
}

function writePowerShell(all: readonly Words[]): string {
  const table = all.map(({ command, flags, choices }) => {
    const commands = command === '' ? all.filter((other) => other.command !== '') : []
    const words = [
      ...commands.map(({ command: name, description }) => [name, description] as const),
      ...choices.map((choice) => [choice, choice] as const),
      ...flags.map(({ flag, description }) => [flag, description] as const),
    ]
    const entries = words.map(
      // The comma keeps each pair together, because PowerShell flattens nested lists.
      ([word, meaning]) => `      ,@(${quoteForPowerShell(word)}, ${quoteForPowerShell(meaning || word)})`,
    )
    return `    ${quoteForPowerShell(command)} = @(\n${entries.join('\n')}\n    )`
  })
  // If the script returns nothing, PowerShell completes file names.
  return `# PowerShell completion of nightlatch
Register-ArgumentCompleter -Native -CommandName nightlatch -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @{
${table.join('\n')}
  }
  $typed = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  $fileFlags = @(${fileFlags(all).map(quoteForPowerShell).join(', ')})
  if ($typed.Count -gt 0 -and $fileFlags -contains $typed[-1]) { return }
  $command = if ($typed.Count -gt 1 -and $words.ContainsKey($typed[1])) { $typed[1] } else { '' }
  foreach ($entry in $words[$command]) {
    if ($entry[0].StartsWith($wordToComplete)) {
      $kind = if ($entry[0].StartsWith('-')) { 'ParameterName' } else { 'ParameterValue' }
      [System.Management.Automation.CompletionResult]::new($entry[0], $entry[0], $kind, $entry[1])
    }
  }
}`
}

function flagsOf(all: readonly Words[], name: string): readonly string[] {
  return all.find(({ command }) => command === name)?.flags.map(({ flag }) => flag) ?? []
}

function fileFlags(all: readonly Words[]): readonly string[] {
  return [...new Set(all.flatMap(({ flags }) => flags.filter(({ takesFile }) => takesFile).map(({ flag }) => flag)))]
}

/** Quotes for PowerShell, which also treats typographic quotes as quotes. */
function quoteForPowerShell(text: string): string {
  return `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`
}

/** Quotes for POSIX shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
