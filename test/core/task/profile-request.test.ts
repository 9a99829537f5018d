import { describe, expect, it } from 'vitest';
import { classifyText, profileRequest, UNKNOWN_BELOW } from '../../../src/core/task/profile-request.ts';
import { type ChatRequestView, TASKS } from '../../../src/core/task/task.ts';

const user = (content: unknown): ChatRequestView => ({ messages: [{ role: 'user', content }] });
const tool = { type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } };
const POEM = 'Write a poem about the sea in autumn.';

describe('profileRequest: structure', () => {
  it('calls a request with tools on offer tool use, whatever its words', () => {
    const profile = profileRequest({ ...user(POEM), tools: [tool] });
    expect(profile.task).toBe('tool_use');
    expect(profile.needs).toEqual(new Set(['tools']));
  });

  it('knows legacy functions, and that an empty list offers nothing', () => {
    expect(profileRequest({ ...user(POEM), functions: [tool] }).task).toBe('tool_use');
    expect(profileRequest({ ...user(POEM), tools: [] }).task).toBe('creative_writing');
    expect(profileRequest({ ...user(POEM), tools: [] }).needs.size).toBe(0);
  });

  it('reads the words when the client forbids tools', () => {
    expect(profileRequest({ ...user(POEM), tools: [tool], tool_choice: 'none' }).task).toBe(
      'creative_writing',
    );
  });

  it('is surer of tool use once a tool was called', () => {
    const offered = profileRequest({ ...user(POEM), tools: [tool] });
    const called = profileRequest({
      messages: [
        { role: 'user', content: 'Weather in Oslo?' },
        { role: 'assistant', content: null, tool_calls: [{ id: '1', function: { name: 'get_weather' } }] },
        { role: 'tool', content: '{"celsius": 4}' },
      ],
      tools: [tool],
    });
    expect(called.task).toBe('tool_use');
    expect(called.confidence).toBeGreaterThan(offered.confidence);
  });

  it('needs JSON for both JSON modes and leans towards extraction', () => {
    const text = 'Anna Berg, 12 May, 40 euros. Bob Stone, 13 May, 60 euros.';
    const plain = profileRequest(user(text));
    for (const type of ['json_object', 'json_schema']) {
      const profile = profileRequest({ ...user(text), response_format: { type } });
      expect(profile.needs).toEqual(new Set(['json']));
      expect(profile.task).toBe('extraction');
      expect(profile.confidence).not.toBe(plain.confidence);
    }
    expect(profileRequest({ ...user(text), response_format: { type: 'text' } }).needs.size).toBe(0);
  });

  it('sees pictures and sound, and takes a picture without words for a question', () => {
    const picture = { type: 'image_url', image_url: { url: 'https://example.com/cat.png' } };
    const profile = profileRequest(user([picture]));
    expect(profile.needs).toEqual(new Set(['vision']));
    expect(profile.task).toBe('question_answering');
    expect(profile.inputTokens).toBeGreaterThan(500);
    const sound = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } };
    expect(profileRequest(user([sound, { type: 'text', text: POEM }])).needs).toEqual(new Set(['audio']));
  });

  it('takes a pasted diff or faulty code for review', () => {
    const diff = '--- a/cart.ts\n+++ b/cart.ts\n@@ -1,3 +1,3 @@\n-const sum = 0\n+let sum = 0\n return sum';
    expect(profileRequest(user(`Can I merge this?\n\n${diff}`)).task).toBe('code_review');
    const fenced = 'Why does this crash?\n\n```python\nitems = []\nprint(items[0])\n```';
    expect(profileRequest(user(fenced)).task).toBe('code_review');
  });

  it('reads a short follow-up together with the turn before it', () => {
    const profile = profileRequest({
      messages: [
        { role: 'user', content: 'Translate into Spanish: the shop opens at nine.' },
        { role: 'assistant', content: 'La tienda abre a las nueve.' },
        { role: 'user', content: 'now French' },
      ],
    });
    expect(profile.task).toBe('translation');
  });

  it('lets a system prompt say what bare material is for', () => {
    const material =
      'The harbour was quiet. Three boats came in before noon and none of them had caught anything.';
    const system = 'You are a translator. Translate everything the user writes into German.';
    const profile = profileRequest({
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: material },
      ],
    });
    expect(profile.task).toBe('translation');
  });
});

describe('profileRequest: hint', () => {
  it('overrides everything with confidence 1', () => {
    const profile = profileRequest({ ...user(POEM), tools: [tool] }, 'review');
    expect(profile).toMatchObject({ task: 'code_review', confidence: 1 });
    expect(profile.needs).toEqual(new Set(['tools']));
  });

  it('is ignored when it names no task', () => {
    expect(profileRequest(user(POEM), 'poetry-ish')).toEqual(profileRequest(user(POEM)));
    expect(profileRequest(user(POEM), '')).toEqual(profileRequest(user(POEM)));
  });
});

describe('profileRequest: numbers', () => {
  it('takes the answer bound and the choices, and drops what is no number above zero', () => {
    const both = profileRequest({ ...user('hi'), max_tokens: 10, max_completion_tokens: 20, n: 3 });
    expect(both).toMatchObject({ maxOutputTokens: 20, choices: 3 });
    expect(profileRequest({ ...user('hi'), max_tokens: 10 }).maxOutputTokens).toBe(10);
    const odd = { ...user('hi'), max_tokens: Number.NaN, n: -4 };
    expect(profileRequest(odd)).toMatchObject({ maxOutputTokens: undefined, choices: 1 });
  });

  it('counts every message and the tools into the prompt', () => {
    const one = profileRequest(user('word '.repeat(400))).inputTokens;
    expect(one).toBeGreaterThan(300);
    expect(one).toBeLessThan(600);
    const message = { role: 'user', content: 'word '.repeat(400) };
    expect(profileRequest({ messages: [message, message, message] }).inputTokens).toBeGreaterThan(2.8 * one);
    expect(profileRequest({ ...user('hi'), tools: [tool] }).inputTokens).toBeGreaterThan(
      profileRequest(user('hi')).inputTokens + 5,
    );
  });

  it('finds a long proof harder than a greeting, within 0 to 1', () => {
    const hard = profileRequest(
      user(`Prove step by step that\n${'the bound in line n holds for all k.\n'.repeat(200)}`),
    );
    const easy = profileRequest(user('hello there'));
    expect(hard.complexity).toBeGreaterThan(easy.complexity + 0.3);
    expect(hard.complexity).toBeLessThanOrEqual(1);
    expect(easy.complexity).toBeGreaterThanOrEqual(0);
  });
});

describe('profileRequest: strange bodies', () => {
  const odd: unknown[] = [
    undefined,
    null,
    7,
    true,
    {},
    [],
    [null, 3, 'text', [['deep', [{ type: 'text', text: 'x' }]]]],
    [{ type: 'text' }, { type: 'text', text: 9 }, { text: null }],
    [{ type: 'image_url' }],
    { type: 'text', text: 'a part without an array' },
    '\u0000\ud800\udfff\uffff',
  ];

  it.each(odd.map((content) => [JSON.stringify(content) ?? 'undefined', content]))('%s', (_name, content) => {
    const profile = profileRequest(user(content));
    expect(TASKS).toContain(profile.task);
    expect(profile.confidence).toBeGreaterThanOrEqual(0);
    expect(profile.confidence).toBeLessThanOrEqual(1);
    expect(profile.complexity).toBeGreaterThanOrEqual(0);
    expect(profile.inputTokens).toBeGreaterThan(0);
  });

  it('is unknown with confidence 0 when there is nothing to read', () => {
    for (const body of [user(''), user(null), user('  \n'), { messages: [] }]) {
      expect(profileRequest(body)).toMatchObject({ task: 'unknown', confidence: 0, language: 'und' });
    }
  });

  it('says unknown below the threshold and never above it', () => {
    const texts = ['zxq vbn', '%%%', '12', 'foo', 'ok so', 'Qatar', '🙂', 'le', '...?', 'x = y'];
    for (const text of texts) {
      const { task, confidence } = profileRequest(user(text));
      expect(task === 'unknown').toBe(confidence < UNKNOWN_BELOW);
    }
  });

  it('survives members that are not what they should be', () => {
    const body = {
      messages: [null, 'x', { role: 4 }, { role: 'user', content: 'hi', tool_calls: 'no' }],
      tools: 'all',
      response_format: 'json',
      n: '2',
    } as unknown as ChatRequestView;
    expect(profileRequest(body).choices).toBe(1);
  });
});

describe('classifyText', () => {
  it('places a description of work', () => {
    expect(classifyText('summarize legal contracts and reports').task).toBe('summarization');
    expect(classifyText('')).toEqual({ task: 'unknown', confidence: 0 });
  });
});
