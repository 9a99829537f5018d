import { contentWords, opening } from './prompt-reading.ts';

/** Code that a simulated model can really write: the body of a function of one value, by what the prompt names. */
const BODIES: readonly (readonly [RegExp, { readonly python: string; readonly javascript: string }])[] = [
  [/palindrom/i, { python: 'value == value[::-1]', javascript: "value === [...value].reverse().join('')" }],
  [/revers/i, { python: 'value[::-1]', javascript: "[...value].reverse().join('')" }],
  [
    /factorial/i,
    {
      python: '1 if value < 2 else value * FUNCTION(value - 1)',
      javascript: 'value < 2 ? 1 : value * FUNCTION(value - 1)',
    },
  ],
  [
    /fibonacci/i,
    {
      python: 'value if value < 2 else FUNCTION(value - 1) + FUNCTION(value - 2)',
      javascript: 'value < 2 ? value : FUNCTION(value - 1) + FUNCTION(value - 2)',
    },
  ],
  [/\bsort/i, { python: 'sorted(value)', javascript: '[...value].sort((a, b) => a - b)' }],
  [/\b(sum|add|total)/i, { python: 'sum(value)', javascript: 'value.reduce((sum, item) => sum + item, 0)' }],
  [/\b(max|largest|biggest)/i, { python: 'max(value)', javascript: 'Math.max(...value)' }],
  [/\b(count|length)/i, { python: 'len(value)', javascript: 'value.length' }],
  [/\b(unique|duplicate)/i, { python: 'list(dict.fromkeys(value))', javascript: '[...new Set(value)]' }],
];
const ANY_BODY = { python: 'value', javascript: 'value' };

export function codeAnswer(prompt: string): string {
  const asked = opening(prompt, 4_000);
  const language = /\b(javascript|typescript|js|ts|node)\b/i.test(asked) ? 'javascript' : 'python';
  const words = contentWords(asked)
    .filter(
      (word) => /^[a-z]+$/i.test(word) && !/^(python|javascript|typescript|function|code|js|ts)$/i.test(word),
    )
    .slice(0, 3)
    .map((word) => word.toLowerCase());
  const name =
    language === 'python'
      ? ['run', ...words].join('_')
      : `run${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}`;
  const bodies = BODIES.find(([sign]) => sign.test(asked))?.[1] ?? ANY_BODY;
  const body = bodies[language].replaceAll('FUNCTION', name);
  const code =
    language === 'python'
      ? `def ${name}(value):\n    return ${body}`
      : `function ${name}(value) {\n  return ${body};\n}`;
  return `Here is the function:\n\n\`\`\`${language}\n${code}\n\`\`\`\n\nIt takes one value and returns the result.`;
}

const SMELLS: readonly (readonly [RegExp, string])[] = [
  [/\beval\(/, '`eval` runs whatever it is given; parse the input instead.'],
  [/except\s*:/, 'A bare `except` swallows every error, interrupts included; name the ones you expect.'],
  [/(select|insert|update|delete)\b[^\n]{0,200}["']\s*\+/i, 'SQL is built by concatenation: use parameters.'],
  [/<=\s*\w{1,40}\.length|<=\s*len\(/, 'The loop runs one step too far: use `<`.'],
  [/[^=!]==[^=]/, '`==` compares loosely in JavaScript; `===` says what is meant.'],
  [/\bvar\s/, '`var` is visible in the whole function; prefer `const`.'],
  [/(password|secret|api_?key)\s*=\s*["']/i, 'A secret stands in the source; read it from the environment.'],
  [/=\s*\[\]\s*\)\s*:/, 'A mutable default argument is shared between calls.'],
];

export function reviewAnswer(prompt: string): string {
  const code = opening(prompt, 8_000);
  const findings = SMELLS.filter(([sign]) => sign.test(code)).map(([, advice]) => advice);
  const said =
    findings.length > 0 ? findings : ['No obvious defect; add a test for empty input and name the units.'];
  return `Review:\n\n${said.map((finding, index) => `${index + 1}. ${finding}`).join('\n')}`;
}
