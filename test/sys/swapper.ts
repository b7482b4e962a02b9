/** Swaps two names in a directory for ever, as fast as it can: `swapper.ts DIR A B`. Ended by a signal. */
import { adapters } from './adapters.ts';

const [{ sys }] = adapters();
const [path = '', a = '', b = ''] = process.argv.slice(2);
const dir = sys.openRoot(path);
process.stdout.write('swapping\n');
for (;;) sys.rename(dir, a, dir, b, 'exchange');
