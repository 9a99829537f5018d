/** Numbers as people read them. A dash where there is none. */
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
  if (value >= 1e6) return `${(value / 1e6).toFixed(value >= 1e7 ? 0 : 1)} M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(value >= 1e5 ? 0 : 1)} k`;
  return Math.round(value).toLocaleString('en-US');
}

export function percent(share: number | null | undefined, digits = 0): string {
  if (share === null || share === undefined) return NONE;
  const least = 10 ** -digits;
  // What is seldom is not never.
  if (share > 0 && 100 * share < least / 2) return `< ${least} %`;
  return `${share < 0 ? '−' : ''}${(100 * Math.abs(share)).toFixed(digits)} %`;
}

export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  // Rounded, it would be a thousand.
  return value >= 999.5 ? `${(value / 1_000).toFixed(value >= 10_000 ? 0 : 1)} s` : `${Math.round(value)} ms`;
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
