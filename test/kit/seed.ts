/** Loaded before each test file: `CSYNCD_SEED=N npm test` repeats all random tests of a run that failed. */
import fc from 'fast-check';

const seed = Number(process.env['CSYNCD_SEED'] ?? Number.NaN);
if (Number.isSafeInteger(seed)) fc.configureGlobal({ seed });
