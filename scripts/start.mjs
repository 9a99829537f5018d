// `npm start`: sets up what is missing, then serves. Further words are arguments of `outrider serve`.
import { ensureReady } from './ensure-ready.mjs';

await ensureReady();
const { runCli } = await import('../dist/cli.js');
await runCli(['serve', ...process.argv.slice(2)]);
