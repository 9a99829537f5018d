/** What the name of a model says, whoever wrote it: enough to find the same model, or its predecessor, elsewhere. */
export interface ModelName {
  /** The words without version and noise, in alphabetical order: `claude-sonnet`, `8b-llama`, `gpt-mini`. */
  readonly line: string;
  /** 3.5 in `claude-3-5-sonnet`; 0 where the name has none. */
  readonly version: number;
  /** Parameters in billions, all of them: 7 in `7b`, 176 in `8x22b`; undefined where the name does not say. */
  readonly sizeBillions: number | undefined;
  /** Words such as `mini` or `opus` that say where in its maker's range a model stands. */
  readonly tier: 'small' | 'large' | undefined;
}

/** Names that say nothing of what they are called elsewhere. */
const ALIASES: Readonly<Record<string, string>> = {
  'gpt-4-0125-preview': 'gpt-4-turbo',
  'gpt-4-1106-preview': 'gpt-4-turbo',
  'mistral-large-2402': 'mistral-large-1',
  'mistral-large-2407': 'mistral-large-2',
  'mistral-large-2411': 'mistral-large-2.1',
  'mistral-large-2512': 'mistral-large-3',
  'mistral-medium-2505': 'mistral-medium-3',
  'mistral-small-2503': 'mistral-small-3.1',
  'mistral-small-2603': 'mistral-small-4',
};

/** Bedrock's `us.anthropic.claude-…-v2:0`. */
const CLOUD_PREFIX =
  /^(?:(?:us|eu|apac|jp|au|global)\.)?(?:anthropic|amazon|meta|mistral|cohere|deepseek|google|moonshot|openai|qwen)\./;
const CLOUD_REVISION = /-v\d+(?::\d+)?$/;
/** `q4_K_M`, `iq3_xs`, `q8_0`: how a local copy is stored. */
const QUANTIZATION = /(^|[-_:.])i?q[2-8](?:_[0-9a-z]+)*(?=$|[-_:.])/g;
const DATE = /(?<!\d)20\d\d-?[01]\d-?[0-3]\d(?!\d)|-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])(?=$|[-:])/g;
/** `0125`, `2407`: a month and a day, or a year and a month. */
const SHORT_DATE = /^\d{4}$/;
/** `gemma3`, `o4`, `k2.6`, `r1`: a name and its version in one word. `gpt-4o` is a name of its own. */
const GLUED = /^([a-z]+?)(\d+(?:\.\d+)?)$/;
const SIZE = /^(?:(\d+)x)?(\d+(?:\.\d+)?)b$/;
/** `a22b`: the parameters at work for one token. `16e`: experts. */
const MIXTURE = /^(?:a\d+(?:\.\d+)?b|\d+e)$/;

/** How it is served, tuned for chat, stored or dated: not which model it is. */
const NOISE = new Set(
  [
    'instruct chat it hf preview latest exp experimental beta versatile instant free online extended auto default cloud',
  ]
    .concat([
      'thinking reasoning reasoner non high low minimal xhigh fp8 fp16 bf16 fp4 nvfp4 awq gptq gguf ggml mlx',
    ])
    .concat(['int4 int8 4bit 8bit maas tee text base meta 001 002 003 basic'])
    .flatMap((words) => words.split(' ')),
);

const SMALL_WORDS = new Set([
  'mini',
  'nano',
  'haiku',
  'flash',
  'lite',
  'small',
  'tiny',
  'micro',
  'air',
  'ministral',
]);
const LARGE_WORDS = new Set(['opus', 'pro', 'large', 'ultra', 'max', 'premier']);

/**
 * Reads `openai/gpt-4o-mini-2024-07-18`, `meta-llama/Llama-3.1-70B-Instruct`, `claude-3-5-sonnet@20241022`,
 * `qwen2.5-coder:7b-q4_K_M`, `accounts/fireworks/models/glm-5p2` and the like. Any text gives a name; nothing throws.
 * Texts above 200 characters are read up to there.
 */
export function readModelName(text: string): ModelName {
  const lower = text.slice(0, 200).toLowerCase();
  const own = lower.slice(lower.lastIndexOf('/') + 1).replace(/@.*$/, '');
  const cloudless = CLOUD_PREFIX.test(own) ? own.replace(CLOUD_PREFIX, '').replace(CLOUD_REVISION, '') : own;
  const bare = cloudless.replace(DATE, '').replace(QUANTIZATION, '$1');
  const known = Object.hasOwn(ALIASES, bare) ? (ALIASES[bare] ?? bare) : bare;
  const words = joinVersions(known.split(/[-_:\s()]+/).flatMap(splitWord));

  let version: number | undefined;
  let sizeBillions: number | undefined;
  const kept: string[] = [];
  const isGpt = words.includes('gpt');
  for (const word of words) {
    if (NOISE.has(word) || SHORT_DATE.test(word) || MIXTURE.test(word) || /^v0(\.\d+)?$/.test(word)) continue;
    // Only OpenAI's turbos are models of their own; elsewhere it is the host's word for fast.
    if (word === 'turbo' && !isGpt) continue;
    const size = SIZE.exec(word);
    if (size) sizeBillions ??= Number(size[1] ?? 1) * Number(size[2]);
    if (version === undefined && /^\d+(\.\d+)?$/.test(word)) version = Number(word);
    else kept.push(word);
  }
  // Llama 4's sizes count what is at work, and hosts do not agree on naming them.
  const isNamedMixture = kept.includes('scout') || kept.includes('maverick');
  const line = kept.filter((word) => !(isNamedMixture && SIZE.test(word))).sort();
  return {
    line: line.join('-'),
    version: version ?? 0,
    sizeBillions: isNamedMixture ? undefined : sizeBillions,
    tier: tierOf(kept),
  };
}

function tierOf(words: readonly string[]): ModelName['tier'] {
  if (words.some((word) => SMALL_WORDS.has(word))) return 'small';
  return words.some((word) => LARGE_WORDS.has(word)) ? 'large' : undefined;
}

function splitWord(word: string): string[] {
  if (word === '') return [];
  const dotted = word.replace(/^(\d+)p(\d+)$/, '$1.$2');
  const glued = GLUED.exec(dotted);
  const [, name, version] = glued ?? [];
  if (name === undefined || version === undefined || NOISE.has(dotted) || name === 'v') {
    const isVersion = name === 'v' && version !== undefined && version !== '0' && !version.startsWith('0.');
    return isVersion ? ['v', version] : [dotted];
  }
  return [name, version];
}

/** `3`, `5` is 3.5: providers that take no dots in names write it so. */
function joinVersions(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of words) {
    const last = joined.at(-1);
    const isMinor = /^\d$/.test(word) && last !== undefined && /^\d{1,2}$/.test(last);
    if (isMinor) joined[joined.length - 1] = `${last}.${word}`;
    else joined.push(word);
  }
  return joined;
}
