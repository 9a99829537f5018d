#!/usr/bin/env node
// The `outrider` command: sets up what is missing, then does what it is told.
import { ensureReady } from './ensure-ready.mjs';

ensureReady();
const { runCli } = await import('../dist/cli.js');
await runCli(process.argv.slice(2));
