/**
 * Why files were refused. csync2 says it only when it prints everything, which a run that sends much should not do: so a
 * refusal without a reason is asked about by one such run, and what that says is remembered as long as the file is refused.
 */
import type { ClientReport, FileResult } from './output.ts';
import type { Problem } from './remedies.ts';

/** ms after which a reason may have become another, such as a conflict once the key is right */
const FRESH_MS = 300_000;

export class KnownReasons {
  #files = new Map<string, FileResult>();
  #problem: Problem | null = null;
  #askedAt = 0;

  /** Whether the report has refusals that it does not explain, and that have not been asked about lately. */
  isAsking(report: ClientReport, now: number): boolean {
    const isNews = (name: string): boolean => !this.#files.has(name) || now - this.#askedAt > FRESH_MS;
    if (report.problem?.reason === 'unknown') return this.#problem === null || now - this.#askedAt > FRESH_MS;
    return report.files.some(({ name, reason }) => reason === 'unknown' && isNews(name));
  }

  /** What a run that was to find out has said. */
  learn(report: ClientReport, now: number): void {
    this.#askedAt = now;
    this.#files = new Map(report.files.filter(isFailed).map((file) => [file.name, file]));
    this.#problem = report.problem;
  }

  /** The report with what is known put in where csync2 was silent. What is refused no more is forgotten. */
  explained(report: ClientReport): ClientReport {
    const isUnknown = report.problem?.reason === 'unknown';
    if (report.problem === null) {
      this.#problem = null;
      for (const { name, state } of report.files) if (state !== 'failed') this.#files.delete(name);
    }
    return {
      ...report,
      problem: isUnknown ? (this.#problem ?? report.problem) : report.problem,
      files: report.files.map((file) =>
        file.reason === 'unknown' ? (this.#files.get(file.name) ?? file) : file,
      ),
    };
  }
}

function isFailed({ state }: FileResult): boolean {
  return state === 'failed';
}
