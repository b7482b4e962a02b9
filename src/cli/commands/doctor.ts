/** `doctor`: looks at this node, and through the daemon at its peers; each finding with its remedy. */
import { loadConfig } from '../../config/load.ts';
import type { StatusReport } from '../../control/client.ts';
import { codeOf } from '../../util/errors.ts';
import { printJson, type Context } from '../context.ts';
import { examineCertificates } from '../doctor/certificates.ts';
import { examineCsync2 } from '../doctor/csync2.ts';
import { examineDisks } from '../doctor/disks.ts';
import { bad, doubtful, good, type Finding } from '../doctor/finding.ts';
import { examineInotify } from '../doctor/inotify.ts';
import { examineMappings } from '../doctor/mappings.ts';
import { examinePeers } from '../doctor/peers.ts';
import { examineReach } from '../doctor/reach.ts';
import { EXIT, type ExitCode } from '../exit.ts';

export async function doctor(context: Context): Promise<ExitCode> {
  const findings = await examine(context);
  if (context.json) printJson(context, { healthy: isHealthy(findings), findings });
  else context.out(findings.map(findingText).join(''));
  return isHealthy(findings) ? EXIT.ok : EXIT.failed;
}

async function examine(context: Context): Promise<Finding[]> {
  const findings: Finding[] = [];
  const loaded = loadConfig(context.config, { strict: true });
  if (loaded.ok) findings.push(good('config', `${context.config} is right, and what it names is here`));
  else
    for (const fault of loaded.faults)
      findings.push(bad('config', placed(fault), fault.hint ?? 'mend the config'));

  // A fault of the machine (a missing directory, say) must not hide what else there is to see.
  const lenient = loaded.ok ? loaded : loadConfig(context.config);
  const report = await askDaemon(context, findings);
  findings.push(...examineInotify(report));
  if (lenient.ok) {
    findings.push(...examineDisks(lenient.config), ...examineCertificates(lenient.config));
    findings.push(...(await examineCsync2(lenient.config, report !== null)));
    if (report === null) findings.push(...(await examineReach(lenient.config)));
  }
  if (report !== null) findings.push(...examineMappings(report), ...examinePeers(report));
  return findings;
}

async function askDaemon(context: Context, findings: Finding[]): Promise<StatusReport | null> {
  try {
    const client = await context.client();
    const report = await client.call('status', {});
    findings.push(good('daemon', `runs as ${report.node}, version ${report.version}`));
    findings.push(...report.lacks.map(({ message, remedy }) => doubtful('daemon', message, remedy)));
    return report;
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'no-daemon' && code !== 'no-config') throw error;
    findings.push(
      bad(
        'daemon',
        (error as Error).message,
        'systemctl start csyncd; journalctl -u csyncd tells why it ended',
      ),
    );
    return null;
  }
}

function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every(({ level }) => level !== 'fail');
}

function placed({ file, line, message }: { file: string; line: number | null; message: string }): string {
  return line === null ? `${file}: ${message}` : `${file}:${line}: ${message}`;
}

function findingText({ level, check, message, remedy }: Finding): string {
  const mark = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' }[level];
  return `${mark}  ${check}: ${message}\n${remedy === null ? '' : `      do: ${remedy}\n`}`;
}
