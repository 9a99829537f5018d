import { useEffect, useState } from 'preact/hooks';

export const PAGES = ['now', 'learning', 'money', 'patterns', 'requests', 'models', 'keys'] as const;
export type Page = (typeof PAGES)[number];

export interface Place {
  readonly page: Page;
  /** What stands behind the page's name: a task, the id of a request. */
  readonly detail: string;
}

function read(): Place {
  const [name = '', ...rest] = location.hash.replace(/^#\/?/, '').split('/');
  const page = PAGES.find((one) => one === name) ?? 'now';
  return { page, detail: decoded(rest.join('/')) };
}

/** An address that somebody cut short is still one. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hrefOf(page: Page, detail = ''): string {
  return detail === '' ? `#/${page}` : `#/${page}/${encodeURIComponent(detail)}`;
}

export function usePlace(): Place {
  const [place, setPlace] = useState(read);
  useEffect(() => {
    const moved = () => setPlace(read());
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return place;
}
