// `npm run demo`: sets up what is missing, then shows what there is to see. Its code is TypeScript, as it is written.
import { ensureReady } from './ensure-ready.mjs';

ensureReady();
const { register } = await import('tsx/esm/api');
register();
await import('./demo.ts');
