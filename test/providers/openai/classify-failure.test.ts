import { describe, expect, test } from 'vitest';
import { classifyFailure } from '../../../src/providers/openai/classify-failure.ts';

function classify(status: number, body: unknown = '', retryAfter?: string) {
  return classifyFailure({
    provider: 'groq',
    upstreamModel: 'llama',
    status,
    retryAfter,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    nowMs: 0,
  });
}

const saying = (message: string, more: object = {}) => ({
  error: { message, type: 'x', code: null, ...more },
});

describe('by status', () => {
  test.each([
    [201, 'bad_answer'],
    [204, 'bad_answer'],
    [301, 'bad_answer'],
    [307, 'bad_answer'],
    [400, 'client_fault'],
    [401, 'credentials'],
    [402, 'credentials'],
    [403, 'credentials'],
    [404, 'model_gone'],
    [405, 'client_fault'],
    [408, 'timeout'],
    [410, 'model_gone'],
    [413, 'client_fault'],
    [418, 'client_fault'],
    [422, 'client_fault'],
    [429, 'rate_limited'],
    [500, 'server_error'],
    [501, 'server_error'],
    [502, 'server_error'],
    [503, 'server_error'],
    [504, 'server_error'],
    [529, 'server_error'],
    [599, 'server_error'],
  ])('%i is %s', (status, ending) => {
    expect(classify(status).ending).toBe(ending);
  });

  test('503 with a time is a model that wakes up', () => {
    expect(classify(503, '', '20')).toMatchObject({ ending: 'waking', status: 503, retryAfterSeconds: 20 });
  });

  test("a client's fault keeps its status; everything else has the one of its ending", () => {
    expect(classify(413)).toMatchObject({ status: 413, code: 'invalid_request' });
    expect(classify(529)).toMatchObject({ status: 502, code: 'upstream_error' });
    expect(classify(401)).toMatchObject({ status: 502, code: 'upstream_auth' });
  });

  test('429 says when: as told, in five seconds, or a minute for a quota that is used up', () => {
    expect(classify(429, '', '7').retryAfterSeconds).toBe(7);
    expect(classify(429).retryAfterSeconds).toBeUndefined();
    expect(classify(429, '', '600').retryAfterSeconds).toBe(600);
    expect(classify(429, saying('no', { code: 'insufficient_quota' })).retryAfterSeconds).toBe(60);
    expect(classify(429, saying('no', { type: 'insufficient_quota' }), '3').retryAfterSeconds).toBe(60);
  });
});

describe('by what it says', () => {
  test.each([
    ["This model's maximum context length is 8192 tokens.", null],
    ['prompt is too long: 210000 tokens > 200000 maximum', null],
    ['The input is too long for the context window.', null],
    ['Please reduce it.', 'context_length_exceeded'],
  ])('too long: %s', (message, code) => {
    expect(classify(400, saying(message, { code }))).toMatchObject({
      ending: 'context_length',
      status: 400,
      code: 'context_length_exceeded',
      param: 'messages',
    });
  });

  test.each([
    [400, saying('no', { code: 'model_not_found' })],
    [400, { object: 'error', message: 'Invalid model: llama', type: 'invalid_model' }],
  ])('a model that is not there, by another status', (status, body) => {
    expect(classify(status, body).ending).toBe('model_gone');
  });

  test('a prompt that was flagged is the fault of who sent it, not of our key', () => {
    const flagged = saying(
      'Your chosen model requires moderation and your input was flagged for "violence".',
    );
    expect(classify(403, flagged)).toMatchObject({ ending: 'client_fault', status: 403 });
    expect(classify(403, saying('no', { code: 'content_policy_violation' })).ending).toBe('client_fault');
    for (const words of ['Your account is suspended.', 'Your account was flagged for unusual activity.']) {
      expect(classify(403, saying(words)).ending).toBe('credentials');
    }
  });

  test("the words of a client's fault are passed on, those of others are not", () => {
    expect(classify(400, saying("Invalid value for 'temperature'.", { param: 'temperature' }))).toMatchObject(
      {
        message: "Provider 'groq' refused the request for 'llama'. It says: Invalid value for 'temperature'.",
        param: 'temperature',
      },
    );
    for (const status of [401, 404, 429, 500, 503]) {
      expect(classify(status, saying('peculiar words')).message).not.toContain('peculiar');
    }
  });

  test.each([
    [{ error: 'bare text' }, 'bare text'],
    [[{ error: { message: 'in a list' } }], 'in a list'],
    [{ message: 'at the top' }, 'at the top'],
    [{ detail: 'as FastAPI says it' }, 'as FastAPI says it'],
    [saying('two\n  lines'), 'two lines'],
  ])('%j', (body, words) => {
    expect(classify(400, body).message).toMatch(new RegExp(`It says: ${words}$`));
  });

  test.each([
    '',
    'null',
    '7',
    '[]',
    '{',
    '<html>',
    '{"error":null}',
    '{"error":{"message":{"a":1}}}',
    '{"detail":[1]}',
  ])('%s says nothing', (body) => {
    expect(classify(400, body).message).toBe("Provider 'groq' refused the request for 'llama'.");
  });
});

describe('what goes no further', () => {
  test.each([
    ['Incorrect API key: sk-proj-Ab12Cd34Ef56.', 'sk-proj'],
    ['Key sk-ant-api03-AAAA_bbbb-CCCC is bad', 'ant-api03'],
    ['key gsk_0123456789abcdef is bad', '0123456789'],
    ['key AIzaSyD-0123456789abcdefghijklmnopqrs is bad', 'SyD-0123'],
    ['got Bearer eyJhbGciOiJI.eyJzdWIi.c2lnbmF0dXJl', 'eyJzdWIi'],
    ['token 3f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c is unknown', '3f9a8b7c6d5e'],
    ['see https://internal.example.com/admin?token=7', 'internal.example'],
    ['postgres://user:secret@db/prod failed', 'secret'],
    ['File /srv/app/server/handlers.py, line 3', 'handlers'],
    ['cannot open C:\\inference\\weights\\model.bin', 'weights'],
    ['upstream 10.2.3.4:8080 refused', '10.2.3.4'],
    ['upstream gpu-17.cluster.internal refused', 'cluster'],
    ['in organization org-AbCdEf123456 on tokens', 'AbCdEf123456'],
    ['ask ops.team@example.com', 'ops.team'],
    ['<html><body>nginx</body></html>', 'nginx'],
    ['<!DOCTYPE html>nginx', 'nginx'],
  ])('%s', (message, secret) => {
    const error = classify(400, saying(message));
    expect(error.message).not.toContain(secret);
    expect(classify(400, saying('x', { param: message })).param ?? '').not.toContain(secret);
  });

  test('ordinary words stay', () => {
    const message =
      "Invalid 'messages[0].content': 'claude-3-5-sonnet-20241022' takes and/or text, at most 1.5 MB (max_tokens <= 4096).";
    expect(classify(400, saying(message)).message).toContain(message);
  });

  test('it is cut at 300 characters', () => {
    expect(classify(400, saying('word '.repeat(1_000))).message.length).toBeLessThan(380);
  });

  test('hostile text does not take long', () => {
    const beganMs = performance.now();
    for (const piece of ['a', '/a', 'a.', '1.', 'sk-', 'a@', '<', '\\a', 'AIza', ':/']) {
      classify(400, saying(piece.repeat(60_000 / piece.length)));
    }
    expect(performance.now() - beganMs).toBeLessThan(2_000);
  });
});
