/** A csync2 group's options with their defaults: each group has its own config and database below state_dir. */
import type { Csync2Options } from './model.ts';
import { csync2Schema, type ConfigFile, type GroupSection } from './schema.ts';

export function csync2Options(file: ConfigFile, name: string, group: GroupSection): Csync2Options {
  const own = `${file.state_dir}/csync2/${name}`;
  const section = group.csync2 ?? csync2Schema.parse({});
  return {
    binary: section.binary,
    configFile: section.config_file ?? null,
    roots: {},
    configDir: section.config_dir ?? own,
    configName: section.config_name ?? null,
    databaseDir: section.database_dir ?? own,
    port: section.port,
    listener: section.listener,
    noSsl: section.no_ssl,
    lockTimeoutMs: section.lock_timeout,
    args: section.args,
  };
}
