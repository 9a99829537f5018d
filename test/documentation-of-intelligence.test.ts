import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from './fixtures/gateway.ts';
import { send } from './http/send.ts';

const PAGE = readFileSync(new URL('../docs/intelligence.md', import.meta.url), 'utf8');
/** What is said once at the top of the page of every answer. */
const EVERYWHERE = new Set(['object', 'data', 'generated_at']);

/** As much of JSON Schema as zod's schemas come to. */
interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}
interface Answer {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
  readonly headers?: Readonly<Record<string, unknown>>;
}
interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly tags: string[]; readonly responses: Record<string, Answer> }>>
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

let gateway: TestGateway;
let document: Document;
beforeAll(async () => {
  gateway = await startGateway();
  document = (await send(`${gateway.url}/openapi.json`)).json as Document;
});
afterAll(() => gateway.stop());

/** Every member of an answer, wherever it stands in it. */
function membersOf(
  schema: Schema | undefined,
  members = new Set<string>(),
  seen = new Set<string>(),
): Set<string> {
  if (schema === undefined) return members;
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    if (!seen.has(name)) membersOf(document.components.schemas[name], members, seen.add(name));
  }
  for (const [name, value] of Object.entries(schema.properties ?? {})) {
    members.add(name);
    membersOf(value, members, seen);
  }
  const { items, additionalProperties: others, anyOf = [], oneOf = [], allOf = [] } = schema;
  membersOf(items, members, seen);
  if (typeof others === 'object') membersOf(others, members, seen);
  for (const part of [...anyOf, ...oneOf, ...allOf]) membersOf(part, members, seen);
  return members;
}

const headingOf = (line: string) => /^#{2,3} (.*)$/.exec(line)?.[1];

/** Words in backticks below each heading, up to the next one: `a.b[].c` holds three. */
const sectionToWords = new Map<string, Set<string>>();
{
  let heading = '';
  for (const line of PAGE.split('\n')) {
    heading = headingOf(line) ?? heading;
    const words = sectionToWords.get(heading) ?? new Set();
    sectionToWords.set(heading, words);
    // A heading names its endpoint, no member.
    if (headingOf(line) !== undefined) continue;
    for (const [, quoted = ''] of line.matchAll(/`([^`]+)`/g)) {
      words.add(quoted);
      for (const word of quoted.split(/[.[\]]+/)) words.add(word);
    }
  }
}

/** What an answer has in common with others is told where its section links to. */
function wordsOf(heading: string): ReadonlySet<string> {
  const own = new Set(sectionToWords.get(heading));
  const text = PAGE.split(`\n## ${heading}\n`)[1]?.split(/\n## /)[0] ?? '';
  for (const [, anchor] of text.matchAll(/\]\(#([a-z0-9-]+)\)/g)) {
    for (const [other, words] of sectionToWords) {
      const isLinked =
        other
          .toLowerCase()
          .replace(/[^a-z0-9 -]/g, '')
          .replaceAll(' ', '-') === anchor;
      if (isLinked) for (const word of words) own.add(word);
    }
  }
  return own;
}

const intelligence = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      operation.tags.some((tag) => tag === 'intelligence' || tag === 'feedback')
        ? [{ name: `${method.toUpperCase()} ${path}`, responses: operation.responses }]
        : [],
    ),
  );

describe('docs/intelligence.md', () => {
  it('names every member of every answer of the intelligence endpoints, in the section of each', () => {
    const missing = intelligence().flatMap(({ name, responses }) => {
      const heading = `\`${name}\``;
      if (!sectionToWords.has(heading)) return [`${name}: no section`];
      const words = wordsOf(heading);
      const members = Object.entries(responses)
        .filter(([status]) => Number(status) < 300)
        .flatMap(([, { content }]) => [...membersOf(content?.['application/json']?.schema)]);
      return members
        .filter((member) => !EVERYWHERE.has(member) && !words.has(member))
        .map((member) => `${name}: ${member}`);
    });
    expect(missing).toEqual([]);
    expect(intelligence().length).toBeGreaterThan(15);
  });

  it('tells of no endpoint that there is not', () => {
    const known = new Set(intelligence().map(({ name }) => `\`${name}\``));
    const told = [...sectionToWords.keys()].filter((heading) => /^`[A-Z]+ \//.test(heading));
    expect(told.filter((heading) => !known.has(heading))).toEqual([]);
  });

  it('names every header of an answer, and every member of router_metadata', () => {
    const answer = document.paths['/v1/chat/completions']?.post?.responses['200'];
    const words = wordsOf('Response headers');
    const headers = Object.keys(answer?.headers ?? {});
    expect(headers.length).toBeGreaterThan(10);
    expect(headers.filter((header) => !words.has(header))).toEqual([]);
    const metadata = [...membersOf(document.components.schemas.RouterMetadata)];
    expect(metadata.length).toBeGreaterThan(20);
    expect(metadata.filter((member) => !words.has(member))).toEqual([]);
  });

  it('names files that there are', () => {
    const files = [...PAGE.matchAll(/`((?:core|gateway|providers|dashboard)\/[a-z/-]+\.tsx?)`/g)];
    expect(files.length).toBeGreaterThan(25);
    for (const [, file] of files) {
      expect(() => readFileSync(new URL(`../src/${file}`, import.meta.url))).not.toThrow();
    }
  });
});
