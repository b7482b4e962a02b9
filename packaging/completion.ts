/** bash's completion of csyncd's commands and options, from the command line itself. */
import type { Command } from 'commander';

export function bashCompletion(program: Command): string {
  const cases = wordsOf(program, []).map(([path, words]) => `    '${path}') words='${words.join(' ')}' ;;`);
  return `# bash completion of csyncd
_csyncd() {
  local at word path='' words='' cur=\${COMP_WORDS[COMP_CWORD]}
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    case $word in
      --config) ((at++)) ;;
      -*) ;;
      *) [ -n "$path" ] && path+=' '; path+=$word ;;
    esac
  done
  while :; do
    case $path in
${cases.map((line) => `  ${line}`).join('\n')}
    esac
    [ -n "$words" ] && break
    case $path in *' '*) path=\${path% *} ;; *) break ;; esac
  done
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  case $cur in -*) ;; *) COMPREPLY+=($(compgen -f -- "$cur")) ;; esac
}
complete -o filenames -F _csyncd csyncd
`;
}

/** What can follow each command: its commands, its options. */
function wordsOf(command: Command, path: readonly string[]): (readonly [string, string[]])[] {
  const visible = command.createHelp().visibleCommands(command);
  const options = command.createHelp().visibleOptions(command);
  const words = [
    ...visible.map((one) => one.name()),
    ...options.map(({ long, short }) => long ?? short ?? ''),
    ...(path.length === 0 ? ['--version'] : ['--config', '--json']),
  ].filter((word) => word !== '' && word !== 'help');
  return [
    [path.join(' '), [...new Set(words)]],
    ...visible.filter((one) => one.name() !== 'help').flatMap((one) => wordsOf(one, [...path, one.name()])),
  ];
}
