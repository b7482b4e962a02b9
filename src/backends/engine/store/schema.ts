/** Brings a database to the schema of this program, by the numbered files beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { CsyncdError } from '../../../util/errors.ts';

const FOLDER = new URL('schema/', import.meta.url);

/** One step of the schema: `number` is what `PRAGMA user_version` says after it. */
export interface SchemaStep {
  readonly number: number;
  readonly sql: string;
}

/** The steps in order: `001-initial.sql` is step 1. */
export function schemaSteps(): SchemaStep[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.sql'));
  return names.sort().map((name, index) => {
    const number = Number.parseInt(name, 10);
    if (number !== index + 1) throw new Error(`schema file ${name} should be number ${index + 1}`);
    return { number, sql: readFileSync(new URL(name, FOLDER), 'utf8') };
  });
}

/** Runs the steps that the database lacks, each whole or not at all. Refuses a database of a later program. */
export function migrate(database: DatabaseSync, file: string, steps: readonly SchemaStep[]): void {
  const present = versionOf(database);
  const known = steps.length;
  if (present > known) {
    throw new CsyncdError(
      'state-too-new',
      `database ${file} has schema ${present}, this csyncd knows up to ${known}`,
      {
        hint: 'Install the csyncd that wrote it or a later one; or move the database away, and the state is rebuilt from the disk and from the peers.',
        data: { file, present, known },
      },
    );
  }
  for (const step of steps.slice(present)) {
    try {
      database.exec(`BEGIN IMMEDIATE; ${step.sql}; PRAGMA user_version = ${step.number}; COMMIT`);
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
}

function versionOf(database: DatabaseSync): number {
  const row = database.prepare('PRAGMA user_version').get();
  return Number(row?.['user_version']);
}
