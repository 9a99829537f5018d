import { REQUEST_SIZES, type RequestSize, requestSizeOf } from './request-size.ts';
import type { RequestProfile } from './task.ts';

/** How many times the user has spoken by now. */
export const TURN_BANDS = ['1', '2-5', '6+'] as const;
export type TurnBand = (typeof TURN_BANDS)[number];

/** What traffic is told apart by beside its task: coarse on purpose, so that a shape says nothing about a single request. */
export interface RequestShape {
  readonly size: RequestSize;
  /** Tools are offered, or were used in the conversation. */
  readonly tools: boolean;
  readonly turns: TurnBand;
  /** ISO 639-1, or `und`. */
  readonly language: string;
}

type Shaped = Pick<RequestProfile, 'inputTokens' | 'needs' | 'turns' | 'language'>;

/** Names are few and asked for with every request: each is put together once. */
const languageToNames = new Map<string, string[]>();
const MAX_LANGUAGES = 500;

/** `size/tools or plain/turns/language`, e.g. `medium/plain/2-5/en`. */
export function shapeNameOf(profile: Shaped): string {
  const { language } = profile;
  let names = languageToNames.get(language);
  if (names === undefined) {
    if (languageToNames.size >= MAX_LANGUAGES) languageToNames.clear();
    names = [];
    languageToNames.set(language, names);
  }
  const size = requestSizeOf(profile.inputTokens);
  const hasTools = profile.needs.has('tools');
  const band = bandOf(profile.turns ?? 1);
  const place =
    (REQUEST_SIZES.indexOf(size) * TURN_BANDS.length + TURN_BANDS.indexOf(band)) * 2 + Number(hasTools);
  let name = names[place];
  if (name === undefined) {
    name = `${size}/${hasTools ? 'tools' : 'plain'}/${band}/${language}`;
    names[place] = name;
  }
  return name;
}

/** Undefined for a text that is no such name. */
export function readShape(name: string): RequestShape | undefined {
  const [size, tools, turns, language, ...rest] = name.split('/');
  const knownSize = REQUEST_SIZES.find((one) => one === size);
  const knownBand = TURN_BANDS.find((one) => one === turns);
  const isWhole = rest.length === 0 && language !== undefined && (tools === 'tools' || tools === 'plain');
  if (!isWhole || knownSize === undefined || knownBand === undefined) return undefined;
  return { size: knownSize, tools: tools === 'tools', turns: knownBand, language };
}

function bandOf(turns: number): TurnBand {
  if (turns >= 6) return '6+';
  return turns >= 2 ? '2-5' : '1';
}
