#!/usr/bin/env node
// The `outrider` command: sets up what is missing, then does what it is told.
import { ensureReady } from './ensure-ready.mjs';

await ensureReady();
const { runCli } = await import('../dist/cli.js');
await runCli(process.argv.slice(2));
