import { useEffect, useState } from 'preact/hooks';

const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];
const THEME_TO_SIGN: Readonly<Record<Theme, string>> = { auto: '◐', light: '☀', dark: '☾' };
const DARK = matchMedia('(prefers-color-scheme: dark)');

function stored(): Theme {
  const text = localStorage.getItem('outrider-theme');
  return THEMES.find((theme) => theme === text) ?? 'auto';
}

/** Whether the page is dark: what is painted, not styled, has to be painted anew. */
export function useAppearance(): 'dark' | 'light' {
  const read = () => {
    const { theme } = document.documentElement.dataset;
    return theme === 'dark' || (theme === undefined && DARK.matches) ? 'dark' : 'light';
  };
  const [appearance, setAppearance] = useState<'dark' | 'light'>(read);
  useEffect(() => {
    const look = () => setAppearance(read());
    const watch = new MutationObserver(look);
    watch.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    DARK.addEventListener('change', look);
    return () => {
      watch.disconnect();
      DARK.removeEventListener('change', look);
    };
  }, []);
  return appearance;
}

/** Follows the system until told otherwise. */
export function ThemeButton() {
  const [theme, setTheme] = useState(stored);
  useEffect(() => {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    localStorage.setItem('outrider-theme', theme);
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto';
  return (
    <button
      type="button"
      class="button icon"
      onClick={() => setTheme(next)}
      aria-label={`Colours: ${theme}. Change to ${next}`}
      title={`Colours: ${theme}`}
    >
      {THEME_TO_SIGN[theme]}
    </button>
  );
}
