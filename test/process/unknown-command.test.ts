import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Built by `npm test` before any test runs. */
const PROGRAM = `const { runCli } = await import('${new URL('../../dist/cli.js', import.meta.url).href}'); await runCli(process.argv.slice(1));`;

test('a command that there is not is called so, and starts nothing', async () => {
  const run = promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    PROGRAM,
    '--',
    'key',
    'list',
  ]);
  await expect(run).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/there is no command 'key'\. There are: serve, keys, models, import\b/),
  });
}, 30_000);
