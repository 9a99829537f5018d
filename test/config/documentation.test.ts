import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fileSchema } from '../../src/config/file-schema.ts';

interface Node {
  properties?: Record<string, Node>;
  additionalProperties?: Node | boolean;
  items?: Node;
  not?: unknown;
  default?: unknown;
}

/** `section key → default as the documentation types it`, for every setting of the schema. */
function settingsOf(node: Node, section: string, into: Map<string, string>): Map<string, string> {
  for (const [key, property] of Object.entries(node.properties ?? {})) {
    if (property.not !== undefined) continue;
    const table = property.additionalProperties;
    const child = `${section}${section === '' ? '' : '.'}${key}`;
    if (property.properties !== undefined) settingsOf(property, child, into);
    else if (typeof table === 'object' && table.properties !== undefined)
      settingsOf(table, `${child}.*`, into);
    else {
      into.set(
        `${section} ${key}`,
        property.default === undefined ? '' : `\`${JSON.stringify(property.default)}\``,
      );
      if (property.items?.properties !== undefined) settingsOf(property.items, key, into);
    }
  }
  return into;
}

describe('docs/configuration.md', () => {
  it('has every setting with its default, and none that does not exist', async () => {
    const schema = fileSchema({ env: {}, providerNames: [], strategyNames: ['balanced'] });
    const expected = settingsOf(
      z.toJSONSchema(schema, { io: 'input', reused: 'inline' }) as Node,
      '',
      new Map(),
    );
    const text = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
    const documented = new Map<string, string>();
    let section = '';
    for (const line of text.split('\n')) {
      const heading = /^#+ `\[?([^\]`]+)\]?`/.exec(line);
      if (line.startsWith('#')) section = (heading?.[1] ?? '').replace(/(<name>|"<id>")/, '*');
      const row = /^\| `([a-z0-9_]+)` \| ([^|]*)\|/.exec(line);
      if (row !== null && section !== '') documented.set(`${section} ${row[1]}`, (row[2] ?? '').trim());
    }
    expect(Object.fromEntries([...documented].sort())).toEqual(Object.fromEntries([...expected].sort()));
    expect(expected.size).toBeGreaterThan(50);
  });
});
