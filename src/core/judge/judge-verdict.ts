export type Preference = 'first' | 'second' | 'tie';

/**
 * The score of `{"score": 0.8}`. Undefined for anything else: prose around it, further members, a number in quotes or
 * out of 0–1. What has to be guessed at is no verdict.
 */
export function readScore(text: string): number | undefined {
  const value = onlyMember(text, 'score');
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : undefined;
}

/** The word of `{"better": "first"}`, just as strictly. */
export function readPreference(text: string): Preference | undefined {
  const value = onlyMember(text, 'better');
  return value === 'first' || value === 'second' || value === 'tie' ? value : undefined;
}

/**
 * What two comparisons say of an answer: better 1, worse 0, and .5 where they name no winner or contradict each other.
 *
 * @param asFirst  the verdict when the answer stood first
 * @param asSecond the verdict when it stood second
 */
export function qualityOfPair(asFirst: Preference, asSecond: Preference): number {
  if (asFirst === 'first' && asSecond === 'second') return 1;
  if (asFirst === 'second' && asSecond === 'first') return 0;
  return 0.5;
}

function onlyMember(text: string, name: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const names = Object.keys(value);
  return names.length === 1 && names[0] === name ? Reflect.get(value, name) : undefined;
}
