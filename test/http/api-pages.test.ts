import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routeSchema } from '../../src/http/inference/wishes-schema.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from './send.ts';

const FOLDER = new URL('../../docs/api/', import.meta.url);
const pages = readdirSync(FOLDER).map((name) => ({
  name,
  text: readFileSync(new URL(name, FOLDER), 'utf8'),
}));

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(() => gateway.stop());

test('every path is shown in a page under docs/api', async () => {
  const { json } = await send(`${gateway.url}/openapi.json`);
  const paths = Object.keys((json as { paths: object }).paths);
  const texts = pages.map(({ text }) => text).join('\n');
  const missing = paths.filter((path) => {
    const pattern = path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^\\s"`/]+');
    return !new RegExp(`${pattern}(?![\\w/-])`).test(texts);
  });
  expect(missing).toEqual([]);
});

test.each([
  ['README.md', /into a `route` object[\s\S]*?\n\n/],
  ['docs/routing.md', /\n\| `route` \|[\s\S]*?\n\| [^|]/],
])('%s names every wish of `route`', (name, place) => {
  const text = readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
  const [told = ''] = place.exec(text) ?? [];
  const missing = Object.keys(routeSchema.shape).filter(
    (wish) => !new RegExp(`\`${wish}(: \\w+)?\``).test(told),
  );
  expect(missing).toEqual([]);
});

test.each(pages)('$name has curl, Python and TypeScript', ({ text }) => {
  expect(text).toMatch(/```sh\n(.*\n)*?.*curl /);
  expect(text).toContain('```python\n');
  expect(text).toContain('```ts\n');
});
