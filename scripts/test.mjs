// `npm test`: sets up what is missing, then runs the whole suite. Further words go to vitest.
import { ensureReady, run } from './ensure-ready.mjs';

await ensureReady();
await run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)]);
