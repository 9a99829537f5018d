/** Keys and array indexes from the top of the file down. */
export type KeyPath = readonly (string | number)[];

/** `['api', 'models', 'a.b', 'endpoints', 0]` → `api.models."a.b".endpoints[0]`, as TOML would have it typed. */
export function formatKeyPath(path: KeyPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const key = /^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part);
    return text === '' ? key : `${text}.${key}`;
  }, '');
}
