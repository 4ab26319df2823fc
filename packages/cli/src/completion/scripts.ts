import type { Command, Option } from 'commander';

/** What completion needs to know about a command. */
export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly {
    readonly flag: string;
    readonly description: string;
    readonly words: string[];
  }[];
  /** Possible values of its first argument; empty if it is a file or anything else. */
  readonly words: readonly string[];
}

/** Commands with their options, including those of the program itself. */
export function completedCommands(
  commands: readonly Command[],
  ofProgram: readonly Option[],
): CompletedCommand[] {
  return commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: [...command.options, ...ofProgram].map(({ long, description, argChoices }) => ({
      flag: long!,
      description,
      words: argChoices ?? [],
    })),
    words: command.registeredArguments[0]?.argChoices ?? [],
  }));
}

/** Scripts by shell. Everything but commands, options and listed words is completed as a file. */
export const SCRIPTS = { bash, zsh, fish } as const;

export type Shell = keyof typeof SCRIPTS;

function bash(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options, words }) => {
    const values = options.filter((option) => option.words.length > 0);
    return `    ${name})
${values.map(({ flag, words: of }) => `      [[ $previous == ${flag} ]] && words="${of.join(' ')}"\n`).join('')}      [[ -z $words && $current == -* ]] && words="${flagsOf(options)}"
${words.length > 0 ? `      [[ -z $words ]] && words="${words.join(' ')}"\n` : ''}      ;;`;
  });
  return `# Completion of tersor for bash. In ~/.bashrc: source <(tersor completion bash)
_tersor() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} help --help --version" -- "$current"))
    return
  fi
  case \${COMP_WORDS[1]} in
    help) words="${commands.map(({ name }) => name).join(' ')}" ;;
${cases.join('\n')}
  esac
  [[ -n $words ]] && COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F _tersor tersor
`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options, words }) => {
    const flags = options.map((option) => {
      const values = option.words.length > 0 ? `:value:(${option.words.join(' ')})` : '';
      return `        ${quoted(`*${option.flag}[${option.description.replace(/[[\]:]/g, '\\$&')}]${values}`)}`;
    });
    const first = words.length > 0 ? `'1:word:(${words.join(' ')})'` : `'*:file:_files'`;
    return `    ${name})
      _arguments \\
${flags.join(' \\\n')} \\
        ${first} ;;`;
  });
  return `#compdef tersor
# Completion of tersor for zsh. In ~/.zshrc, after compinit: source <(tersor completion zsh)
_tersor() {
  local -a commands=(
${commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
    *) _files ;;
  esac
}
compdef _tersor tersor
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, description, options, words }) => [
    `complete -c tersor -n __fish_use_subcommand -f -a ${name} -d ${quotedForFish(description)}`,
    ...(words.length > 0
      ? [`complete -c tersor -n '__fish_seen_subcommand_from ${name}' -f -a '${words.join(' ')}'`]
      : []),
    ...options.map((option) => {
      const values = option.words.length > 0 ? ` -x -a '${option.words.join(' ')}'` : '';
      return `complete -c tersor -n '__fish_seen_subcommand_from ${name}' -l ${option.flag.slice(2)}${values} -d ${quotedForFish(option.description)}`;
    }),
  ]);
  return `# Completion of tersor for fish: tersor completion fish > ~/.config/fish/completions/tersor.fish
${lines.join('\n')}
`;
}

function flagsOf(options: CompletedCommand['options']): string {
  return options.map(({ flag }) => flag).join(' ');
}

/** Quotes a text for sh and zsh, in single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function quotedForFish(text: string): string {
  return `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;
}
