import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Health, Rankings } from './answers.ts';
import { logout } from './api.ts';
import { setColourOrder } from './colours.ts';
import { words } from './format.ts';
import icon from './icon.svg';
import { watchDecisions } from './live.ts';
import { onLoggedOut, onLogInAsked } from './logged-out.ts';
import { KeysPage } from './pages/keys.tsx';
import { LearningPage } from './pages/learning.tsx';
import { LoginPage } from './pages/login.tsx';
import { ModelsPage } from './pages/models.tsx';
import { MoneyPage } from './pages/money.tsx';
import { NowPage } from './pages/now.tsx';
import { PatternsPage } from './pages/patterns.tsx';
import { RequestsPage } from './pages/requests.tsx';
import { LiveSign } from './parts/live-sign.tsx';
import { TITLE_ID } from './parts/page-head.tsx';
import { hrefOf, PAGES, type Page, usePlace } from './route.ts';
import { ThemeButton } from './theme.tsx';
import { useAnswer, useData } from './use-data.ts';

const PAGE_TO_VIEW: Readonly<Record<Page, (props: { detail: string }) => preact.JSX.Element>> = {
  now: NowPage,
  learning: LearningPage,
  money: MoneyPage,
  patterns: PatternsPage,
  requests: RequestsPage,
  models: ModelsPage,
  keys: KeysPage,
};
const PAGE_TO_TITLE: Readonly<Partial<Record<Page, string>>> = { models: 'Models & providers' };
const titleOf = (page: Page) => PAGE_TO_TITLE[page] ?? words(page);

export function App() {
  const [state, setState] = useState<'in' | 'out' | 'asked'>('in');
  onLoggedOut.current = () => setState('out');
  onLogInAsked.current = () => setState('asked');
  const hasEntered = useRef(false);
  const enter = () => {
    hasEntered.current = true;
    setState('in');
  };
  if (state === 'in') return <Pages hasEntered={hasEntered.current} />;
  return <LoginPage onLoggedIn={enter} onBack={state === 'asked' ? enter : undefined} />;
}

/** @param props.hasEntered through the login, whose form had the focus */
function Pages(props: { hasEntered: boolean }) {
  const { page, detail } = usePlace();
  // Whether this key may see anything, and which models there are, before any of it is drawn.
  const first = useData<Rankings>('intelligence/rankings?task=unknown&window=1h', { everyMs: 60_000 });
  const session = useAnswer<{ is_logged_in: boolean }>('session', { everyMs: 300_000 });
  const health = useData<Health>('intelligence/health', { everyMs: 600_000 });
  const isIn = first.answer !== undefined;
  setColourOrder(
    useMemo(
      () => modelsOf(first.answer, health.answer),
      [first.answer === undefined, health.answer === undefined],
    ),
  );
  const View = PAGE_TO_VIEW[page];

  const looked = useRef<string | undefined>(props.hasEntered ? '' : undefined);
  /** One request is a page of its own; another task of the same page is not. */
  const place = page === 'requests' ? `${page} ${detail}` : page;
  useEffect(() => {
    document.title = `${titleOf(page)} · Outrider`;
    if (!isIn) return;
    // The first one is read from its top anyway.
    if (looked.current !== undefined && looked.current !== place) document.getElementById(TITLE_ID)?.focus();
    looked.current = place;
  }, [place, isIn]);
  useEffect(() => (isIn ? watchDecisions() : undefined), [isIn]);

  if (first.answer === undefined && first.error === undefined) {
    return <main class="quiet">Loading …</main>;
  }
  return (
    <>
      <button type="button" class="skip" onClick={toContent}>
        To the content
      </button>
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
                    {titleOf(one)}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <div class="tools">
            <LiveSign />
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
            ) : session.answer ? (
              <button type="button" class="button" onClick={() => onLogInAsked.current()}>
                Log in
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

/** Those of chat, then all others. */
function modelsOf(rankings: Rankings | undefined, health: Health | undefined): string[] {
  const chat = rankings?.data[0]?.models.map(({ model }) => model) ?? [];
  const all = health?.data.flatMap(({ endpoints }) => endpoints.map(({ model }) => model)) ?? [];
  return [...new Set([...chat.sort(), ...all.sort()])];
}

/** No link: the page that is looked at stands in the fragment. */
function toContent(): void {
  document.getElementById('content')?.focus();
}
