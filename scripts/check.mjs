// `npm run check`: types, lint and format, and who may import whom.
import { ensureReady, run } from './ensure-ready.mjs';

ensureReady();
run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'src/dashboard/tsconfig.json']);
run(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', '.']);
run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/house']);
