/** Of a long answer, this much of its beginning and of its end is kept for the checks. */
const KEPT_END_CHARACTERS = 16 * 1024;
const KEPT_WHOLE_CHARACTERS = 1024 * 1024;

/** The text of a stream for the checks, bounded whatever comes. */
export interface KeptText {
  add(text: string): void;
  text(): string;
  isWhole(): boolean;
}

export function createKeptText(keepsWhole: boolean): KeptText {
  const most = keepsWhole ? KEPT_WHOLE_CHARACTERS : KEPT_END_CHARACTERS;
  let head = '';
  let tail = '';
  let isWhole = true;
  return {
    add(text) {
      const room = most - head.length;
      head += text.slice(0, room);
      tail += text.slice(room);
      if (tail.length > 2 * KEPT_END_CHARACTERS) {
        tail = tail.slice(-KEPT_END_CHARACTERS);
        isWhole = false;
      }
    },
    text: () => head + tail,
    isWhole: () => isWhole,
  };
}
