import { readFileSync } from 'node:fs';

/** As `package.json` has it, which stands above `src` and above what is built of it. */
export const VERSION = versionOf(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

function versionOf(text: string): string {
  const json: unknown = JSON.parse(text);
  return typeof json === 'object' && json !== null && 'version' in json ? String(json.version) : '0.0.0';
}
