/** A view of the machine of one's own: a host name, and files and directories in place of the machine's. */

const MAKE = `hostname "$1" && ready=$2 && shift 2 &&
  while [ $# -gt 0 ]; do mount --bind "$1" "$2" && shift 2 || exit 1; done; : >"$ready" && exec sleep infinity`;

/**
 * The command line of a process that does nothing and keeps such a view, in mount and UTS namespaces.
 *
 * @param ready a file that is made when the view is complete
 * @param views path on the machine → path of what is seen there instead
 */
export function makeView(hostName: string, ready: string, views: Readonly<Record<string, string>>): string[] {
  const binds = Object.entries(views).flatMap(([there, own]) => [own, there]);
  return ['unshare', '--mount', '--uts', 'sh', '-c', MAKE, 'sh', hostName, ready, ...binds];
}

/** The command line that runs a program with the view that a process keeps. */
export function inView(holder: number, command: readonly string[]): string[] {
  return ['nsenter', `--target=${holder}`, '--mount', '--uts', '--', ...command];
}
