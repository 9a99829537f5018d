import { expect, test } from 'vitest';
import { loadText, mistakesOf } from './load-text.ts';

test('a registry of local models by address, as another server’s users have it', async () => {
  const { models, providers, isDetected } = await loadText(`
[api.models.my-chat-model]
address = "127.0.0.1:9000"
type = "chat"
context_length = 4096
default_temperature = 0.7
[api.models.my-embedding-model]
address = "http://127.0.0.1:9000/"
type = "embedding"
dimensions = 768
[api.models.my-completion-model]
address = "https://rack.example/openai"
type = "completion"
context_length = 2048
`);
  expect(isDetected).toBe(false);
  expect(Object.values(providers).map(({ name, baseUrl }) => [name, baseUrl])).toEqual([
    ['local-127-0-0-1-9000', 'http://127.0.0.1:9000/v1'],
    ['local-rack-example', 'https://rack.example/openai'],
  ]);
  expect(models).toMatchObject([
    {
      id: 'my-chat-model',
      contextLength: 4096,
      defaultTemperature: 0.7,
      endpoints: [{ id: 'local-127-0-0-1-9000/my-chat-model', isPriceKnown: true }],
    },
    {
      id: 'my-embedding-model',
      type: 'embedding',
      dimensions: 768,
      endpoints: [{ provider: 'local-127-0-0-1-9000' }],
    },
    { id: 'my-completion-model', type: 'completion', endpoints: [{ provider: 'local-rack-example' }] },
  ]);
});

test('a provider of the file at the same address is that provider', async () => {
  const { models, providers } = await loadText(`
[providers.rack]
base_url = "http://10.0.0.5:8000/v1"
[providers.local-10-0-0-6-8000]
base_url = "http://10.0.0.7:8000/v1"
[api.models.a]
address = "10.0.0.5:8000"
[api.models.b]
address = "10.0.0.6:8000"
`);
  expect(models.map(({ endpoints }) => endpoints[0]?.provider)).toEqual(['rack', 'local-10-0-0-6-8000-2']);
  expect(Object.keys(providers)).toHaveLength(3);
});

test.each([
  ['', 'api.models.a.endpoints', /^is missing; or name the address/],
  [
    'address = "127.0.0.1:1"\nendpoints = [{ provider = "up", model = "a" }]',
    'api.models.a.endpoints',
    /leave one out/,
  ],
  ['address = "ftp://x"', 'api.models.a.address', /host:port/],
  ['address = "http://me:secret@x/"', 'api.models.a.address', /without credentials/],
  ['address = "two words"', 'api.models.a.address', /host:port/],
  ['path = "/models/a"', 'api.models.a.path', /name its address/],
])('%s is refused', async (lines, path, message) => {
  const mistakes = await mistakesOf(
    `[providers.up]\nbase_url = "http://127.0.0.1:1/v1"\n[api.models.a]\n${lines}`,
  );
  expect(mistakes).toContainEqual(expect.objectContaining({ path, message: expect.stringMatching(message) }));
});
