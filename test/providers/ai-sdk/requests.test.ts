import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { TONGUES, type Tongue } from '../../../src/core/catalog/model.ts';
import { GatewayError } from '../../../src/core/outcome/gateway-error.ts';
import type { Upstream } from '../../../src/providers/upstream.ts';
import { NATIVE_ENV } from '../../fixtures/tongues/native-toml.ts';
import {
  type NativeRequest,
  type NativeUpstream,
  startNativeUpstream,
} from '../../fixtures/tongues/native-upstream.ts';
import { callNative, openNative, WEATHER_TOOLS } from './call.ts';

let native: NativeUpstream;
const opened: Upstream[] = [];

beforeAll(async () => {
  native = await startNativeUpstream();
});
afterAll(async () => {
  for (const upstream of opened) await upstream.close();
  await native.close();
});

function open(tongue: Tongue, isBearer = false): Upstream {
  const upstream = openNative(tongue, native.baseUrl(tongue), { isBearer });
  opened.push(upstream);
  return upstream;
}

/** What went up for a request, and what was said of it. */
async function sent(
  tongue: Tongue,
  request: Readonly<Record<string, unknown>>,
  model?: string,
): Promise<NativeRequest & { readonly warnings: readonly string[] }> {
  const { done, progress } = callNative(open(tongue), tongue, 'text', request, { model });
  await done;
  return { ...native.last(), warnings: progress.warnings };
}

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk';
const ASK = { role: 'user', content: 'How is Paris?' };

describe('keys and headers', () => {
  test.each([
    ['anthropic', 'x-api-key'],
    ['google', 'x-goog-api-key'],
  ] as const)('%s', async (tongue, header) => {
    const { headers } = await sent(tongue, {});
    expect(headers).toMatchObject({
      [header]: NATIVE_ENV.NATIVE_KEY,
      'x-team': 'seven',
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'outrider',
    });
    expect(headers.authorization).toBeUndefined();
  });

  test('bedrock by a bearer token', async () => {
    await callNative(open('bedrock', true), 'bedrock', 'text').done;
    expect(native.last().headers.authorization).toBe(`Bearer ${NATIVE_ENV.NATIVE_KEY}`);
  });

  test('bedrock by a signature that AWS would accept', async () => {
    const { headers, text, path } = await sent('bedrock', {});
    const { authorization = '' } = headers;
    const parts = /Credential=([^,]+), SignedHeaders=([^,]+), Signature=(\w+)$/.exec(authorization);
    const [, credential = '', signedNames = '', signature] = parts ?? [];
    const [id, day = '', region = '', service = ''] = credential.split('/');
    expect([id, region, service]).toEqual([NATIVE_ENV.AWS_ID, 'us-east-1', 'bedrock']);
    expect(headers['x-amz-security-token']).toBe(NATIVE_ENV.AWS_SESSION);
    const hash = (value: string) => createHash('sha256').update(value).digest('hex');
    // AWS encodes each segment of the path once more, as every service but S3 does.
    const canonicalPath = path.split('/').map(encodeURIComponent).join('/');
    const canonical = [
      'POST',
      canonicalPath,
      '',
      ...signedNames.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
      '',
      signedNames,
      headers['x-amz-content-sha256'] ?? hash(text),
    ].join('\n');
    const scope = `${day}/${region}/${service}/aws4_request`;
    const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash(canonical)].join('\n');
    const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
      (secret, part) => createHmac('sha256', secret).update(part).digest(),
      `AWS4${NATIVE_ENV.AWS_SECRET}`,
    );
    expect(signature).toBe(createHmac('sha256', key).update(toSign).digest('hex'));
  });

  test('nothing of the environment is used that the configuration does not name', async () => {
    vi.stubEnv('ANTHROPIC_API_KEY', 'sk-of-the-environment');
    vi.stubEnv('ANTHROPIC_BASE_URL', 'http://127.0.0.1:9');
    vi.stubEnv('GOOGLE_GENERATIVE_AI_API_KEY', 'sk-of-the-environment');
    vi.stubEnv('AWS_BEARER_TOKEN_BEDROCK', 'sk-of-the-environment');
    vi.stubEnv('AWS_REGION', 'eu-nowhere-1');
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9');
    try {
      for (const tongue of TONGUES) {
        const { headers } = await sent(tongue, {});
        expect(JSON.stringify(headers)).not.toContain('environment');
        expect(JSON.stringify(headers)).not.toContain('nowhere');
      }
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('messages', () => {
  const conversation = [
    { role: 'system', content: 'Be brief.' },
    { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
    ASK,
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } },
        { id: 'call_2', type: 'function', function: { name: 'get_time', arguments: '' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'Sunny' },
    { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'Noon' }] },
  ];

  test('anthropic', async () => {
    const { body, warnings } = await sent('anthropic', { messages: conversation, tools: WEATHER_TOOLS });
    expect(body.system).toEqual([
      { type: 'text', text: 'Be brief.' },
      { type: 'text', text: 'Be kind.' },
    ]);
    expect(body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'How is Paris?' }] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'call_1', name: 'get_weather', input: { city: 'Paris' } },
          { type: 'tool_use', id: 'call_2', name: 'get_time', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_1', content: 'Sunny' },
          { type: 'tool_result', tool_use_id: 'call_2', content: 'Noon' },
        ],
      },
    ]);
    expect(warnings).toEqual([]);
  });

  test('google', async () => {
    const { body } = await sent('google', { messages: conversation, tools: WEATHER_TOOLS });
    expect(body.systemInstruction).toEqual({ parts: [{ text: 'Be brief.' }, { text: 'Be kind.' }] });
    expect(body.contents).toMatchObject([
      { role: 'user', parts: [{ text: 'How is Paris?' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { name: 'get_weather', args: { city: 'Paris' } } },
          { functionCall: { name: 'get_time', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'get_weather', response: { content: 'Sunny' } } },
          { functionResponse: { name: 'get_time', response: { content: 'Noon' } } },
        ],
      },
    ]);
  });

  test('bedrock', async () => {
    const { body } = await sent('bedrock', { messages: conversation, tools: WEATHER_TOOLS });
    expect(body.system).toEqual([{ text: 'Be brief.' }, { text: 'Be kind.' }]);
    expect(body.messages).toMatchObject([
      { role: 'user', content: [{ text: 'How is Paris?' }] },
      {
        role: 'assistant',
        content: [
          { toolUse: { toolUseId: 'call_1', name: 'get_weather', input: { city: 'Paris' } } },
          { toolUse: { toolUseId: 'call_2', name: 'get_time', input: {} } },
        ],
      },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'call_1', content: [{ text: 'Sunny' }] } },
          { toolResult: { toolUseId: 'call_2', content: [{ text: 'Noon' }] } },
        ],
      },
    ]);
  });

  test.each(TONGUES)('%s: instructions in the middle and broken arguments are told', async (tongue) => {
    const messages = [
      ASK,
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'get_time', arguments: 'now!' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'Noon' },
      { role: 'system', content: 'In French.' },
    ];
    const { body, warnings } = await sent(tongue, { messages, tools: WEATHER_TOOLS });
    expect(JSON.stringify(body)).toContain('{"arguments":"now!"}');
    expect(JSON.stringify(body)).toContain('In French.');
    expect(warnings).toEqual(['changed:tool_calls', 'changed:messages']);
  });
});

describe('images and files', () => {
  const image = (url: string) => ({
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image_url', image_url: { url } },
        ],
      },
    ],
  });

  test('bytes', async () => {
    const request = image(`data:image/png;base64,${PIXEL}`);
    const blocks = {
      anthropic: { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
      google: { inlineData: { mimeType: 'image/png', data: PIXEL } },
      bedrock: { image: { format: 'png', source: { bytes: PIXEL } } },
    };
    for (const tongue of TONGUES) {
      const { body } = await sent(tongue, request);
      const [message] = (body.contents ?? body.messages) as [{ content?: unknown[]; parts?: unknown[] }];
      expect((message.parts ?? message.content)?.[1], tongue).toEqual(blocks[tongue]);
    }
  });

  test('addresses go up as they are, and nobody fetches them here', async () => {
    const url = `${native.baseUrl('anthropic')}/cat.png`;
    const before = native.requests.length;
    const { body } = await sent('anthropic', image(url));
    expect(JSON.stringify(body)).toContain(JSON.stringify({ type: 'url', url }));
    expect(native.requests.length).toBe(before + 1);
    const google = await sent('google', image('https://example.org/cat.webp?x=1'));
    expect(JSON.stringify(google.body)).toContain(
      JSON.stringify({ mimeType: 'image/webp', fileUri: 'https://example.org/cat.webp?x=1' }),
    );
  });

  test('a document', async () => {
    const part = {
      type: 'file',
      file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PIXEL}` },
    };
    for (const tongue of TONGUES) {
      const { body } = await sent(tongue, { messages: [{ role: 'user', content: [part] }] });
      expect(JSON.stringify(body), tongue).toContain(PIXEL);
    }
  });

  test('sound goes to google', async () => {
    const part = { type: 'input_audio', input_audio: { data: PIXEL, format: 'wav' } };
    const { body } = await sent('google', { messages: [{ role: 'user', content: [part] }] });
    expect(JSON.stringify(body)).toContain(
      JSON.stringify({ inlineData: { mimeType: 'audio/wav', data: PIXEL } }),
    );
  });
});

describe('options', () => {
  const usual = {
    max_tokens: 300,
    temperature: 0.5,
    stop: ['END'],
    tools: WEATHER_TOOLS,
    tool_choice: { type: 'function', function: { name: 'get_time' } },
  };

  test('anthropic', async () => {
    const { body } = await sent('anthropic', { ...usual, user: 'u-1', parallel_tool_calls: false });
    expect(body).toMatchObject({
      max_tokens: 300,
      temperature: 0.5,
      stop_sequences: ['END'],
      metadata: { user_id: 'u-1' },
      tool_choice: { type: 'tool', name: 'get_time', disable_parallel_tool_use: true },
    });
    expect((body.tools as { name: string }[]).map(({ name }) => name)).toEqual(['get_weather', 'get_time']);
  });

  test('google', async () => {
    const { body } = await sent('google', { ...usual, seed: 7, response_format: { type: 'json_object' } });
    expect(body).toMatchObject({
      generationConfig: {
        maxOutputTokens: 300,
        temperature: 0.5,
        stopSequences: ['END'],
        seed: 7,
        responseMimeType: 'application/json',
      },
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['get_time'] } },
    });
  });

  test('bedrock', async () => {
    const { body } = await sent('bedrock', usual);
    expect(body).toMatchObject({
      inferenceConfig: { maxTokens: 300, temperature: 0.5, stopSequences: ['END'] },
      toolConfig: { toolChoice: { tool: { name: 'get_time' } } },
    });
  });

  test('a cache hint stays at its part', async () => {
    const cache_control = { type: 'ephemeral' };
    const request = {
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'A long book.', cache_control }] },
        { role: 'user', content: [{ type: 'text', text: 'How is Paris?' }] },
      ],
    };
    const anthropic = await sent('anthropic', request);
    expect(anthropic.body.system).toEqual([{ type: 'text', text: 'A long book.', cache_control }]);
    const bedrock = await sent('bedrock', request);
    expect(bedrock.body.system).toEqual([{ text: 'A long book.' }, { cachePoint: { type: 'default' } }]);
    const google = await sent('google', request);
    expect(google.warnings).toEqual(['dropped:cache_control']);
  });

  test.each([
    [
      'claude-haiku-4-5',
      'medium',
      20_000,
      { thinking: { type: 'enabled', budget_tokens: 8_192 }, max_tokens: 20_000 },
    ],
    [
      'claude-haiku-4-5',
      'high',
      4_000,
      { thinking: { type: 'enabled', budget_tokens: 2_000 }, max_tokens: 4_000 },
    ],
    [
      'claude-opus-4-6',
      'medium',
      4_000,
      { thinking: { type: 'adaptive' }, output_config: { effort: 'medium' } },
    ],
    ['claude-haiku-4-5', 'none', 4_000, { thinking: { type: 'disabled' }, max_tokens: 4_000 }],
  ])('%s thinks with %s effort inside the bound', async (model, effort, most, expected) => {
    const request = { reasoning_effort: effort, max_completion_tokens: most };
    const { body, warnings } = await sent('anthropic', request, model);
    expect(body).toMatchObject(expected);
    expect(warnings).toEqual([]);
  });

  test.each([
    ['gemini-2.5-flash', 'low', { thinkingBudget: 1_024, includeThoughts: true }],
    ['gemini-2.5-flash', 'none', { thinkingBudget: 0, includeThoughts: false }],
    ['gemini-3.1-pro-preview', 'high', { thinkingLevel: 'high', includeThoughts: true }],
  ])('%s thinks with %s effort', async (model, effort, expected) => {
    const { body } = await sent('google', { reasoning_effort: effort }, model);
    expect(body.generationConfig).toMatchObject({ thinkingConfig: expected });
  });

  test('a tool’s result without the thinking before it is answered without thinking', async () => {
    const messages = [
      ASK,
      {
        role: 'assistant',
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'get_time', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'Noon' },
    ];
    const request = { messages, tools: WEATHER_TOOLS, reasoning_effort: 'low' };
    const { body, warnings } = await sent('anthropic', request);
    expect(body.thinking).toBeUndefined();
    expect(warnings).toEqual(['dropped:reasoning_effort']);
  });
});

test('members of messages that nobody knows are named too', async () => {
  const { warnings } = await sent('anthropic', {
    messages: [{ ...ASK, name: 'ada', prefix: true }],
  });
  expect(warnings).toEqual(['dropped:messages.prefix', 'dropped:messages.name']);
});

test('an address is the same however it is spelt', async () => {
  const spelt = native.baseUrl('anthropic').replace('http://127.0.0.1', 'HTTP://127.0.0.1');
  const upstream = openNative('anthropic', spelt);
  opened.push(upstream);
  await callNative(upstream, 'anthropic', 'text').done;
});

test.each(TONGUES)('%s: nonsense that no package foresaw is the client’s fault', async (tongue) => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'object', properties: 7, anyOf: 'x', items: [1] } },
  };
  const upstream = open(tongue);
  const requests = [
    { tools: [{ type: 'function', function: { name: 'f', parameters: schema } }] },
    { tools: [{ type: 'function', function: null }] },
    { response_format: { type: 'json_schema', json_schema: { schema: { type: 'object', anyOf: 5 } } } },
    { messages: [{ role: 'tool', content: 'x' }] },
    { messages: [{ role: 'assistant', content: null, tool_calls: [null, { function: 3 }] }] },
    { stop: [7], reasoning: 'much', cache_control: 'yes', tool_choice: { type: 'function' } },
  ];
  for (const request of requests) {
    const { done, progress } = callNative(upstream, tongue, 'text', request);
    const error: unknown = await done.catch((failure) => failure);
    // Sent and answered, or refused as what it is; never held against the provider.
    if (error instanceof GatewayError) {
      expect(error.ending, JSON.stringify(request)).toBe('client_fault');
      expect(progress.isSent).toBe(false);
    }
  }
});

describe('what is left out is named', () => {
  test.each([
    ['anthropic', ['made_up', 'frequency_penalty', 'seed']],
    ['bedrock', ['made_up', 'user', 'frequency_penalty', 'seed']],
    ['google', ['made_up', 'user', 'frequency_penalty']],
  ] as const)('%s', async (tongue, names) => {
    const { warnings } = await sent(tongue, {
      made_up: 1,
      user: 'u-1',
      seed: 7,
      frequency_penalty: 0.5,
      presence_penalty: 0,
      n: 1,
      logprobs: false,
    });
    expect(warnings).toEqual(names.map((name) => `dropped:${name}`));
  });
});

describe('what cannot be carried is refused before anything goes out', () => {
  test.each<[string, Readonly<Record<string, unknown>>, readonly Tongue[]]>([
    ['n', { n: 2 }, TONGUES],
    ['logprobs', { logprobs: true }, TONGUES],
    ['top_logprobs', { top_logprobs: 3 }, TONGUES],
    ['logit_bias', { logit_bias: { 50256: -100 } }, TONGUES],
    ['audio', { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }, TONGUES],
    ['modalities', { modalities: ['text', 'image'] }, TONGUES],
    ['functions', { functions: [{ name: 'f' }] }, TONGUES],
    ['web_search_options', { web_search_options: {} }, TONGUES],
    ['tools[1]', { tools: [WEATHER_TOOLS[0], { type: 'custom', custom: { name: 'x' } }] }, TONGUES],
    ['tool_choice', { tool_choice: { type: 'allowed_tools' } }, TONGUES],
    ['response_format', { response_format: { type: 'grammar' } }, TONGUES],
    ['response_format', { response_format: { type: 'json_object' } }, ['anthropic', 'bedrock']],
    ['response_format', { response_format: { type: 'json_schema' } }, ['anthropic', 'bedrock']],
    ['messages[1].role', { messages: [ASK, { role: 'critic', content: 'No.' }] }, TONGUES],
    [
      'messages[1].function_call',
      {
        messages: [ASK, { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } }],
      },
      TONGUES,
    ],
    [
      'messages[0].content[0]',
      {
        messages: [
          {
            role: 'system',
            content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } }],
          },
        ],
      },
      TONGUES,
    ],
    [
      'messages[0].content[0]',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://' } }] }] },
      TONGUES,
    ],
    ['messages[0]', { messages: [{ role: 'function', name: 'f', content: '1' }] }, TONGUES],
    [
      'messages[0].content[0]',
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] },
      TONGUES,
    ],
    [
      'messages[0].content[0]',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://example.org/a.png' } }] },
        ],
      },
      ['google', 'bedrock'],
    ],
    [
      'messages[0].content[0]',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: PIXEL } }] }] },
      ['anthropic', 'bedrock'],
    ],
    [
      'messages[0].content[0]',
      {
        messages: [
          { role: 'user', content: [{ type: 'file', file: { file_data: 'data:video/mp4;base64,AAAA' } }] },
        ],
      },
      ['anthropic', 'bedrock'],
    ],
  ])('%s: %j', async (param, request, tongues) => {
    const before = native.requests.length;
    for (const tongue of tongues) {
      const error: unknown = await callNative(open(tongue), tongue, 'text', request).done.catch((e) => e);
      if (!(error instanceof GatewayError)) throw new Error(`${tongue} took it`);
      expect(error).toMatchObject({
        status: 400,
        code: 'unsupported_by_provider',
        param,
        ending: 'client_fault',
      });
      expect(error.message).toContain(`'${tongue}'`);
    }
    expect(native.requests.length).toBe(before);
  });
});
