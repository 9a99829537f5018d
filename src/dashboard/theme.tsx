import { useEffect, useState } from 'preact/hooks';

const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];
const THEME_TO_SIGN: Readonly<Record<Theme, string>> = { auto: '◐', light: '☀', dark: '☾' };

function stored(): Theme {
  const text = localStorage.getItem('outrider-theme');
  return THEMES.find((theme) => theme === text) ?? 'auto';
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
