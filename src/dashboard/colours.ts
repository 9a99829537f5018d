/** Told apart by people who see colours differently too (Okabe & Ito 2008, the yellow left out: too pale on white). */
const COLOURS = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#cc79a7',
  '#56b4e9',
  '#d55e00',
  '#7b61c9',
  '#8a8f98',
] as const;

/** A model has the same colour on every page. */
export function colourOf(name: string, names: readonly string[]): string {
  const place = [...names].sort().indexOf(name);
  return COLOURS[(place < 0 ? names.length : place) % COLOURS.length] ?? COLOURS[0];
}
