/** The files of lsyncd + csync2 as the widespread Puppet article has them. */

/** The csync2 configs, and the directories below the common one that each is for. */
export const CONFIGS = {
  wwwdata: { directories: ['data/ini', 'data/png', 'data/zip'], exclude: null },
  wwwshared: { directories: ['shared'], exclude: '.*.swp' },
} as const;

/** The directory that workloads change. */
export const CHANGED = CONFIGS.wwwshared.directories[0];

export interface CsyncConfig {
  readonly hosts: readonly string[];
  readonly keyFile: string;
  readonly paths: readonly string[];
  readonly exclude: string | null;
}

/** There is no `auto` line in the article: none, csync2's default. */
export function csync2Config({ hosts, keyFile, paths, exclude }: CsyncConfig): string {
  return `nossl * *;
group web
{
  host ${hosts.join(' ')};
  key ${keyFile};
${paths.map((path) => `  include ${path};`).join('\n')}
${exclude === null ? '' : `  exclude ${exclude};\n`}}
`;
}

export interface LsyncdConfig {
  readonly logFile: string;
  readonly statusFile: string;
  readonly csync2: string;
  /** a directory, and the csync2 config that it is in */
  readonly syncs: readonly { readonly source: string; readonly syncid: string }[];
}

/** One csync2 at a time for each directory, a second after a change, over everything in the config; what it says is final. */
export function lsyncdConfig({ logFile, statusFile, csync2, syncs }: LsyncdConfig): string {
  return `settings {
  logfile = "${logFile}",
  statusFile = "${statusFile}",
  statusInterval = 1,
}

local function run(what, config)
  spawn(what, "${csync2}", "-C", config.syncid, "-x")
end

csync2 = {
  maxProcesses = 1,
  delay = 1,

  init = function(event)
    run(event, event.config)
  end,

  action = function(inlet)
    local changes = inlet.getEvents(function(event) return event.etype ~= "Init" end)
    run(changes, inlet.getConfig())
  end,

  collect = function(agent, exitcode)
    local id = agent.config.syncid
    if not agent.isList and agent.etype == "Init" then
      if exitcode == 0 then
        log("Normal", "Startup of ", id, " finished.")
      else
        log("Error", "Startup of ", id, " failed: ", exitcode)
        terminate(-1)
      end
      return
    end
    log("Normal", "Sync of ", id, " finished: ", exitcode)
    return nil
  end,

  prepare = function(config)
    if not config.syncid then error("syncid is missing") end
  end,
}

${syncs.map(({ source, syncid }) => `sync { csync2, source = "${source}", syncid = "${syncid}" }`).join('\n')}
`;
}
