import { expect, test } from 'vitest';
import { profileRequest } from '../../../src/core/task/profile-request.ts';
import { readShape, shapeNameOf } from '../../../src/core/task/request-shape.ts';

const said = (role: string, content: string) => ({ role, content });

test('a request is told apart by size, tools, turns and language, and by nothing else', () => {
  const messages = [said('user', 'Please tell me what the weather is like in the city of London today')];
  const plain = shapeNameOf(profileRequest({ messages }));
  expect(plain).toBe('small/plain/1/en');
  expect(
    shapeNameOf(
      profileRequest({ messages: [said('user', 'What is the time there now, and why is it so?')] }),
    ),
  ).toBe(plain);
  const tools = [{ type: 'function', function: { name: 'weather' } }];
  expect(shapeNameOf(profileRequest({ messages, tools }))).toBe('small/tools/1/en');
  const long = [...Array(6)].flatMap(() => [...messages, said('assistant', 'wet '.repeat(4_000))]);
  expect(shapeNameOf(profileRequest({ messages: [...long, ...messages] }))).toBe('large/plain/6+/en');
  expect(
    shapeNameOf(profileRequest({ messages: [...messages, said('assistant', 'Wet.'), ...messages] })),
  ).toBe('small/plain/2-5/en');
});

test('names are read back; what is none is none', () => {
  const shape = { size: 'huge', tools: true, turns: '6+', language: 'de' };
  expect(readShape('huge/tools/6+/de')).toEqual(shape);
  for (const text of [
    '',
    'huge',
    'giant/tools/1/en',
    'huge/some/1/en',
    'huge/tools/3/en',
    'huge/tools/1/en/x',
  ]) {
    expect(readShape(text)).toBeUndefined();
  }
});
