// `npm run check`: types, lint and format, and who may import whom.
import { ensureReady, run } from './ensure-ready.mjs';

await ensureReady();
await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'src/dashboard/tsconfig.json']);
await run(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', '.']);
await run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/house']);
