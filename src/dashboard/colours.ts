/** Told apart by people who see colours differently too (after Okabe & Ito 2008; its palest are darkened for white ground). */
const COLOURS = [
  '#0072b2',
  '#d98c00',
  '#009e73',
  '#c4679a',
  '#3f9fd6',
  '#d55e00',
  '#7b61c9',
  '#9c755f',
  '#8f8a00',
  '#12909b',
  '#b04a5a',
  '#6b7f4b',
] as const;
const OTHERS = '#8a8f98';

let order: readonly string[] = [];

/** The models there are, those that are looked at most first: a model has the same colour on every page. */
export function setColourOrder(models: readonly string[]): void {
  order = models;
}

export function colourOf(model: string): string {
  const place = order.indexOf(model);
  const colour = place < 0 ? undefined : COLOURS[place % COLOURS.length];
  if (colour === undefined) return OTHERS;
  return place < COLOURS.length ? colour : duller(colour);
}

/** The second dozen of models: half way to grey. */
function duller(colour: string): string {
  const part = (text: string, at: number) => Number.parseInt(text.slice(at, at + 2), 16);
  const mixed = [1, 3, 5].map((at) => Math.round((part(colour, at) + part(OTHERS, at)) / 2));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
