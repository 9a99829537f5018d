import { useEffect, useState } from 'preact/hooks';
import { logout } from './api.ts';
import { words } from './format.ts';
import icon from './icon.svg';
import { KeysPage } from './pages/keys.tsx';
import { LearningPage } from './pages/learning.tsx';
import { LoginPage } from './pages/login.tsx';
import { ModelsPage } from './pages/models.tsx';
import { MoneyPage } from './pages/money.tsx';
import { NowPage } from './pages/now.tsx';
import { RequestsPage } from './pages/requests.tsx';
import { hrefOf, PAGES, type Page, usePlace } from './route.ts';
import { ThemeButton } from './theme.tsx';
import { onLoggedOut, useAnswer, useData } from './use-data.ts';

const PAGE_TO_VIEW: Readonly<Record<Page, (props: { detail: string }) => preact.JSX.Element>> = {
  now: NowPage,
  learning: LearningPage,
  money: MoneyPage,
  requests: RequestsPage,
  models: ModelsPage,
  keys: KeysPage,
};
const PAGE_TO_TITLE: Readonly<Partial<Record<Page, string>>> = { models: 'Models & providers' };

export function App() {
  const { page, detail } = usePlace();
  const [isLoggedOut, setLoggedOut] = useState(false);
  onLoggedOut.current = () => setLoggedOut(true);
  // Whether this page may see anything, before any of it is drawn.
  const first = useData<object>('usage?limit=1', 60_000);
  const session = useAnswer<{ is_logged_in: boolean }>('session', 300_000);
  const View = PAGE_TO_VIEW[page];
  const title = PAGE_TO_TITLE[page] ?? words(page);

  useEffect(() => {
    document.title = `${title} · Outrider`;
  }, [title]);

  if (isLoggedOut) {
    return (
      <LoginPage
        onLoggedIn={() => {
          setLoggedOut(false);
          first.reload();
          session.reload();
        }}
      />
    );
  }
  if (first.answer === undefined && first.error === undefined) return <main class="quiet">Loading …</main>;
  return (
    <>
      <a class="skip" href="#content">
        To the content
      </a>
      <header class="bar">
        <div>
          <a class="brand" href={hrefOf('now')}>
            <img src={icon} alt="" />
            Outrider
          </a>
          <nav aria-label="Pages">
            <ul>
              {PAGES.map((one) => (
                <li key={one}>
                  <a
                    href={hrefOf(one)}
                    aria-current={one === page ? 'page' : undefined}
                    ref={(link) => {
                      if (one === page) link?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
                    }}
                  >
                    {PAGE_TO_TITLE[one] ?? words(one)}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <div class="tools">
            <ThemeButton />
            {session.answer?.is_logged_in ? (
              <button
                type="button"
                class="button"
                onClick={() => {
                  void logout().finally(() => location.reload());
                }}
              >
                Log out
              </button>
            ) : null}
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        <View detail={detail} />
      </main>
    </>
  );
}
