/** Numbers as people read them, on one line with their unit. A dash where there is none. */
export const NONE = '–';

export function usd(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size === 0) return '$0';
  if (size >= 1_000) return `${value < 0 ? '−' : ''}$${Math.round(size).toLocaleString('en-US')}`;
  const digits = size >= 1 ? 2 : Math.min(12, 1 - Math.floor(Math.log10(size)));
  return `${value < 0 ? '−' : ''}$${size.toFixed(Math.max(2, digits))}`;
}

export function count(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  if (value >= 1e6) return `${(value / 1e6).toFixed(value >= 1e7 ? 0 : 1)}\u00a0M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(value >= 1e5 ? 0 : 1)}\u00a0k`;
  return Math.round(value).toLocaleString('en-US');
}

export function percent(share: number | null | undefined, digits = 0): string {
  if (share === null || share === undefined) return NONE;
  const least = 10 ** -digits;
  // What is seldom is not never.
  if (share > 0 && 100 * share < least / 2) return `<\u00a0${least}\u00a0%`;
  return `${share < 0 ? '−' : ''}${(100 * Math.abs(share)).toFixed(digits)}\u00a0%`;
}

/** As it was set, not rounded: `12.5 %`. */
export function exactPercent(share: number): string {
  return `${Number((100 * share).toPrecision(6))}\u00a0%`;
}

export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  // Rounded, it would be a thousand.
  return value >= 999.5
    ? `${(value / 1_000).toFixed(value >= 10_000 ? 0 : 1)}\u00a0s`
    : `${Math.round(value)}\u00a0ms`;
}

/** Several with one unit: `446 / 483 / 503 ms`, `0.8 / 1.1 / 12 s`. */
export function severalMilliseconds(values: readonly number[]): string {
  if (values.every((value) => value < 999.5)) return `${values.map(Math.round).join(' / ')}\u00a0ms`;
  const inSeconds = values.map((value) => (value / 1_000).toFixed(value >= 10_000 ? 0 : 1));
  return `${inSeconds.join(' / ')}\u00a0s`;
}

export function hundredths(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : value.toFixed(2);
}

/** `code_review` → `Code review`. */
export function words(name: string): string {
  const text = name.replace(/_/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const LANGUAGES = new Intl.DisplayNames('en', { type: 'language', fallback: 'code' });

/** `de` → `German`; the code where it is none. */
export function language(code: string): string {
  try {
    return LANGUAGES.of(code) ?? code;
  } catch {
    return code;
  }
}

export function ago(time: string | null | undefined, nowMs: number): string {
  if (!time) return NONE;
  const seconds = Math.max(0, (nowMs - Date.parse(time)) / 1_000);
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h ago`;
  return new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
}
