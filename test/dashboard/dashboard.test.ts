import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fillHistory } from '../../scripts/demo/history/fill-history.ts';
import type {
  ExposureList,
  Rankings,
  Replay,
  Savings,
  SpendForecast,
  UsageReport,
} from '../../src/dashboard/answers.ts';
import { type Serving, serve } from '../../src/serve.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from '../http/send.ts';
import { type Complaint, complaintsOf } from './axe.ts';
import { CHROMIUM, startBrowser } from './browser.ts';
import { focused, tabTo } from './by-keyboard.ts';
import { openPage, PAGES, type Visit, WAIT_MS } from './open-page.ts';

/** Ids of models hold no spaces; HTML needs none. */
const HOSTILE = '<img/src=x/onerror=alert(1)>';
const LONG = 'a-vendor/with-a-very-long-name-of-a-model-2026-11-28-preview';
/** As long as names may be, without a place to break. */
const ENDLESS = 'x'.repeat(120);
const TRANSLATE = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Translate to French: good morning' }],
};

describe.skipIf(CHROMIUM === undefined)('the dashboard in a browser', () => {
  let browser: Browser;
  let gateway: TestGateway;
  let admin: string;
  let visit: Visit;
  let page: Page;

  beforeAll(async () => {
    browser = await startBrowser();
    gateway = await startGateway();
    admin = (await gateway.createKey({ name: HOSTILE, scopes: ['admin'] })).key;
    for (let index = 0; index < 12; index++) {
      const answer = await send(`${gateway.url}/v1/chat/completions`, {
        key: admin,
        body: TRANSLATE,
      });
      expect(answer.status, answer.text).toBe(200);
    }
  });

  afterAll(async () => {
    await browser.close();
    await gateway.stop();
  });

  beforeEach(async () => {
    visit = await openPage(browser, gateway.url);
    page = visit.page;
  });

  afterEach(async () => {
    await page.context().close();
    expect(visit.complaints).toEqual([]);
  });

  const logIn = () => visit.logIn(admin);
  const go = (name: string) => visit.go(name);
  /** Of the decisions as they are made; only those that came by the stream say how likely they were. */
  const lineOf = ({ headers }: { headers: NodeJS.Dict<string | string[]> }) =>
    page.locator('[data-field=decisions] li', {
      has: page.locator(`a[href*="${headers['x-request-id']}"]`),
    });

  test('asks for a key, refuses a wrong one in words, and lets the right one in', async () => {
    await page.goto(`${gateway.url}/dashboard`);
    await page.getByLabel('Key').fill('or-wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toContain('not known');
    await logIn();
    expect(await page.getByLabel('Requests', { exact: true }).textContent()).toContain('12');
    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict', path: '/dashboard' }]);
    expect(JSON.stringify(cookies)).not.toContain(admin);
  });

  test('tells the best model of a task, as the rankings do', async () => {
    await logIn();
    await go('Learning');
    await page.getByRole('link', { name: 'Translation' }).click();
    await page.getByRole('heading', { name: 'Translation', level: 2, exact: true }).waitFor();
    const { json } = await send(`${gateway.url}/v1/intelligence/rankings?task=translation`, { key: admin });
    const best = (json as { data: { best: string }[] }).data[0]?.best ?? '';
    const first = page.locator('table tbody tr').first();
    expect(await first.getByRole('rowheader').textContent()).toContain(best);
    expect(await page.locator('[data-field=why]').textContent()).toContain('The most value under');
  });

  test('explains a request, and what is said of it moves what is believed', async () => {
    await logIn();
    await go('Requests');
    await page.locator('table tbody tr a').first().click();
    await page.getByRole('heading', { name: 'Candidates' }).waitFor();
    expect(await page.locator('table tbody tr').count()).toBeGreaterThan(5);
    await page.getByRole('button', { name: 'Bad' }).click();
    const told = page.getByText('What is believed of');
    await told.waitFor();
    const [, before, after] =
      /moved from (\d\.\d+) to (\d\.\d+)/.exec((await told.textContent()) ?? '') ?? [];
    expect(Number(after)).toBeLessThan(Number(before));
    await page.getByText('dashboard says 0.00').waitFor();
    await page.getByRole('button', { name: 'Take it back' }).click();
    await page.getByRole('button', { name: 'Take it back' }).waitFor({ state: 'detached' });
  });

  test('who stood in for another answered because that one did not, not because it was drawn', async () => {
    await page.route('**/dashboard/api/explain/*', async (route) => {
      const response = await route.fetch();
      const json = await response.json();
      const [attempt] = json.attempts;
      const attempts = [
        { ...attempt, ending: 'connect' },
        { ...attempt, number: 1 },
      ];
      await route.fulfill({ response, json: { ...json, attempts } });
    });
    await logIn();
    await go('Requests');
    await page.locator('table tbody tr a').first().click();
    await page.getByText('answered, because those before it did not answer').waitFor();
  });

  test('takes a model out of service, and back', async () => {
    await logIn();
    await go('Models & providers');
    const row = page.locator('tr[data-model=sim-mini]');
    await row.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('sim-mini is out of service').waitFor();
    const body = { model: 'sim-mini', messages: [{ role: 'user', content: 'hi' }] };
    const refused = await send(`${gateway.url}/v1/chat/completions`, { key: admin, body });
    expect(refused.status).toBe(503);
    expect(refused.text).toContain('paused by the operator');
    await row.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('sim-mini is back in service').waitFor();
    expect((await send(`${gateway.url}/v1/chat/completions`, { key: admin, body })).status).toBe(200);
  });

  test('caps how much of the choices a model gets, and takes the cap away', async () => {
    await logIn();
    await go('Models & providers');
    const most = page.getByLabel('The most of the choices that sim-flash gets');
    await most.selectOption('0.1');
    await page.getByText('sim-flash gets at most 10 % of the choices of each task').waitFor();
    const exposure = async () => {
      const { json } = await send(`${gateway.url}/v1/intelligence/rankings?task=translation`, { key: admin });
      const [task] = (json as Rankings).data;
      return task?.models.find(({ model }) => model === 'sim-flash')?.exposure;
    };
    expect(await exposure()).toEqual({ max_share: 0.1 });
    await most.selectOption('any share');
    await page.getByText('The cap on sim-flash for each task is gone').waitFor();
    expect(await exposure()).toBeNull();
  });

  test('caps a model for one task by the keyboard alone, and takes that cap away', async () => {
    await logIn();
    await go('Models & providers');
    const caps = page.locator('[data-field=caps]');
    await caps.getByText('None is set').waitFor();
    const { keyboard } = page;
    await caps.getByLabel('Model').focus();
    await keyboard.type('sim-flash');
    await keyboard.press('Tab');
    await keyboard.type('Translation');
    await keyboard.press('Tab');
    await keyboard.type('12.5');
    await keyboard.press('Enter');
    const row = caps.getByRole('row', { name: /sim-flash Translation/ });
    await row.getByText('12.5 %').waitFor();
    const listed = async () =>
      (await send(`${gateway.url}/v1/intelligence/exposure`, { key: admin })).json as ExposureList;
    expect((await listed()).data).toMatchObject([
      { model: 'sim-flash', caps: [{ task: 'translation', max_share: 0.125 }] },
    ]);
    // Beside the model it is told, too.
    await page.locator('tr[data-model=sim-flash]').getByText('translation 12.5 %').waitFor();
    await row.getByRole('button', { name: 'Remove the cap on sim-flash, translation' }).focus();
    await keyboard.press('Enter');
    await caps.getByText('The cap on sim-flash for translation is gone').waitFor();
    await caps.getByText('None is set').waitFor();
    expect((await listed()).data).toEqual([]);
    expect(await focused(page)).toBe('H2 Caps');
  });

  test('what is set for a model that has left is listed, and can be taken away', async () => {
    await gateway.withStore(async (store) => {
      await store.saveState('exposure_caps', JSON.stringify([['left-model', null, 0.3]]));
      await store.saveState('paused_models', JSON.stringify(['left-model']));
    });
    await expect
      .poll(async () => (await send(`${gateway.url}/v1/intelligence/exposure`, { key: admin })).text, {
        timeout: WAIT_MS,
      })
      .toContain('left-model');
    await logIn();
    await go('Models & providers');
    const caps = page.locator('[data-field=caps]');
    await caps.getByText('not offered any more').first().waitFor();
    await caps.getByRole('button', { name: 'Resume left-model' }).click();
    await caps.getByText('left-model is back in service').waitFor();
    await caps.getByRole('button', { name: 'Remove the cap on left-model, each task' }).click();
    await caps.getByText('None is set').waitFor();
  });

  test('who logs out in one tab is out in the other at once', async () => {
    await logIn();
    const other = await page.context().newPage();
    await other.goto(`${gateway.url}/dashboard`);
    await other.getByText('Live', { exact: true }).waitFor();
    // Sooner than anything is asked again by itself: nothing but the stream can tell it.
    const left = other.getByLabel('Key').waitFor({ timeout: 4_000 });
    await page.getByRole('button', { name: 'Log out' }).click();
    await left;
    expect(await other.title()).toBe('Log in · Outrider');
  });

  test('makes a key, shows it once, and revokes it when asked twice', async () => {
    await logIn();
    await go('Keys');
    // Names are text, whatever stands in them.
    await page.getByRole('rowheader', { name: HOSTILE }).waitFor();
    await page.getByLabel('Name').fill('from the page');
    await page.getByRole('button', { name: 'Create' }).click();
    const key = (await page.locator('[data-field=new-key]').textContent()) ?? '';
    const models = await send(`${gateway.url}/v1/models`, { key });
    expect(models.status).toBe(200);
    const row = page.getByRole('row', { name: 'from the page' });
    await row.getByRole('button', { name: 'Revoke' }).click();
    await row.getByRole('button', { name: 'Really revoke from the page?' }).click();
    await row.getByText('revoked').waitFor();
  });

  test('a double click asks whether a key is to be revoked, and does not answer', async () => {
    await gateway.createKey({ name: 'pressed twice' });
    await logIn();
    await go('Keys');
    const row = page.getByRole('row', { name: 'pressed twice' });
    await row.getByRole('button', { name: 'Revoke' }).dblclick();
    await row.getByRole('button', { name: 'Really revoke pressed twice?' }).waitFor();
    const { json } = await send(`${gateway.url}/v1/keys?limit=100`, { key: admin });
    const { data } = json as { data: { name: string; state: string }[] };
    expect(data.find(({ name }) => name === 'pressed twice')?.state).toBe('active');
  });

  test('a form that is sent twice makes one key, the one that is shown', async () => {
    await logIn();
    await go('Keys');
    await page.route('**/dashboard/api/keys', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await route.continue();
    });
    await page.getByLabel('Name').fill('made once');
    await page.getByRole('button', { name: 'Create' }).dblclick();
    await page.locator('[data-field=new-key]').waitFor();
    const { json } = await send(`${gateway.url}/v1/keys?limit=100`, { key: admin });
    const { data } = json as { data: { name: string }[] };
    expect(data.filter(({ name }) => name === 'made once')).toHaveLength(1);
  });

  test('what comes in several pages is read to its end: the newest key, what was spent today', async () => {
    await logIn();
    const rest = { requests: 1, completed: 1, failures: 0, input_tokens: 1, output_tokens: 1 };
    const today = new Date().toISOString().slice(0, 10);
    await page.route('**/dashboard/api/usage?group_by=day,model&from=*&limit=1000*', async (route) => {
      const isSecond = route.request().url().endsWith('&page=2');
      const row = { ...rest, day: isSecond ? today : '2020-01-01', model: 'sim-mini', cost_usd: 12.34 };
      await route.fulfill({
        json: {
          data: [row],
          total: { ...rest, cost_usd: 24.68 },
          has_more: !isSecond,
          next_page: isSecond ? null : 2,
        },
      });
    });
    await page.route('**/dashboard/api/keys?limit=100*', async (route) => {
      const { url } = { url: new URL(route.request().url()) };
      const answer = await route.fetch({
        url: `${url.origin}${url.pathname}?limit=1${url.search.slice(10)}`,
      });
      await route.fulfill({ response: answer });
    });
    await go('Money');
    await expect
      .poll(() => page.getByLabel('Today').locator('strong').textContent(), { timeout: WAIT_MS })
      .toBe('$12.34');
    await gateway.createKey({ name: 'the newest of all' });
    await go('Keys');
    await page.getByRole('rowheader', { name: 'the newest of all' }).waitFor();
  });

  test('who logs in after another sees none of what the other watched', async () => {
    const { key: reader } = await gateway.createKey({ scopes: ['intelligence'] });
    await logIn();
    await page.getByText('Live', { exact: true }).waitFor();
    const asked = await send(`${gateway.url}/v1/chat/completions`, { key: admin, body: TRANSLATE });
    await lineOf(asked).waitFor();
    // As when a session is over: the page stays, and asks for a key.
    const own = "{ method: 'POST', headers: { 'x-outrider-dashboard': '1' } }";
    await page.evaluate(`fetch('/dashboard/logout', ${own})`);
    await page.getByLabel('Key').fill(reader);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('The next decision appears here by itself').waitFor();
    expect(await lineOf(asked).count()).toBe(0);
  });

  test('decisions appear as they are made, and the figures follow without a reload', async () => {
    await logIn();
    await page.getByText('Live', { exact: true }).waitFor();
    const requests = page.getByLabel('Requests', { exact: true }).locator('strong');
    const before = Number(await requests.textContent());
    const asked = await send(`${gateway.url}/v1/chat/completions`, { key: admin, body: TRANSLATE });
    const line = lineOf(asked);
    await line.waitFor();
    expect(await line.textContent()).toContain(String(asked.headers['x-router-model']));
    expect(await line.textContent()).toMatch(/likely/);
    await expect
      .poll(async () => Number(await requests.textContent()), { timeout: WAIT_MS })
      .toBe(before + 1);
  });

  test('a page of a proxy in place of an answer is said so', async () => {
    await logIn();
    await page.route('**/dashboard/api/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<h1>Log in to the proxy</h1>' }),
    );
    await page.reload();
    await page.getByText('The gateway answered 200, not in JSON.').first().waitFor();
  });

  test('a line that is cut is said so, and taken up where it was', async () => {
    await page.route('**/dashboard/stream', (route) => route.abort());
    await logIn();
    await page.getByText('Reconnecting …').waitFor();
    await page.unroute('**/dashboard/stream');
    await page.getByText('Live', { exact: true }).waitFor();
  });

  test('a page that is not looked at asks nothing, and catches up when it is again', async () => {
    await logIn();
    await page.getByText('Live', { exact: true }).waitFor();
    const hide = (isHidden: boolean) =>
      page.evaluate(
        `Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${isHidden} });
         document.dispatchEvent(new Event('visibilitychange'));`,
      );
    // The place in the stream is known after the first decision only.
    const seen = await send(`${gateway.url}/v1/chat/completions`, { key: admin, body: TRANSLATE });
    await lineOf(seen).getByText('likely').waitFor();
    await visit.settled();
    await hide(true);
    await page.getByText('Resting').waitFor();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const missed = await send(`${gateway.url}/v1/chat/completions`, { key: admin, body: TRANSLATE });
    // Longer than what is read every five seconds.
    await page.waitForTimeout(6_500);
    expect(asked).toEqual([]);
    await hide(false);
    await lineOf(missed).getByText('likely').waitFor();
  }, 60_000);

  test('draws what is believed, says why, and tells an alarm', async () => {
    await gateway.withStore((store) =>
      store.openEpoch({
        modelId: 'sim-coder',
        epoch: 7,
        openedAtMs: Date.now(),
        cause: 'quality_alarm',
        direction: 'worse',
        measuredBefore: 0.9,
        measuredAfter: 0.45,
      }),
    );
    await logIn();
    await go('Learning');
    await page.getByRole('link', { name: 'Translation' }).click();
    await page.locator('[data-field=why]').getByText('is expected to be worth the most here').waitFor();
    const curves = page.getByRole('img', { name: /What is believed of the quality of/ });
    await curves.locator('canvas').waitFor();
    const alarm = page.locator('[data-field=changes] li').first();
    await alarm.waitFor();
    expect(await alarm.textContent()).toMatch(/sim-coder\. Its answers became worse, from 0\.90 to 0\.45\./);
  });

  test('all that a chart shows is told by a table as well', async () => {
    await logIn();
    await page.getByText('As a table').click();
    const table = page.getByRole('table', { name: /Requests an hour by model/ });
    await table.waitFor();
    const counts = await table.locator('tbody td').allTextContents();
    const total = counts.map(Number).reduce((sum, one) => sum + (Number.isNaN(one) ? 0 : one), 0);
    const figure = await page.getByLabel('Requests', { exact: true }).locator('strong').textContent();
    expect(total).toBe(Number(figure));
  });

  test('the keyboard reaches every control, and what it stands on is seen', async () => {
    await logIn();
    for (const name of PAGES) {
      await go(name);
      await visit.settled();
      const count = await page.evaluate<number>(
        `(() => { document.activeElement?.blur(); window.scrollTo(0, 0);
          const all = [...document.querySelectorAll('a[href], button:not(:disabled), input, select, summary')];
          window.controls = new Set(all.filter((one) => one.checkVisibility()));
          return window.controls.size; })()`,
      );
      expect(count).toBeGreaterThan(8);
      await page.getByRole('link', { name: 'Outrider' }).evaluate('(brand) => brand.focus()');
      // The brand comes after the button that leads past the navigation.
      await page.keyboard.press('Shift+Tab');
      const seen = await page.evaluate<{ unseen: string[] }>('({ unseen: [] })');
      for (let turn = 0; turn < 2 * count + 40; turn += 1) {
        const stands = await page.evaluate<{ isMarked: boolean; what: string; left: number }>(
          `(() => { const one = document.activeElement; const style = getComputedStyle(one);
            window.controls.delete(one);
            return { isMarked: one === document.body || style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
                     what: one.outerHTML.slice(0, 90), left: window.controls.size }; })()`,
        );
        if (!stands.isMarked) seen.unseen.push(stands.what);
        if (stands.left === 0) break;
        await page.keyboard.press('Tab');
      }
      const left = await page.evaluate<string[]>(
        '[...window.controls].filter((one) => one.isConnected).map((one) => one.outerHTML.slice(0, 90))',
      );
      expect({ name, left, unseen: seen.unseen }).toEqual({ name, left: [], unseen: [] });
    }
  }, 120_000);

  test('the whole way without a mouse: log in, best model, one request, feedback, slider, pause', async () => {
    const { keyboard } = page;
    const press = async (wanted: RegExp) => {
      await tabTo(page, wanted);
      await keyboard.press('Enter');
    };
    /** Another page says its name: the focus goes to its title, from where the tab key goes on. */
    const goTo = async (name: string) => {
      await press(new RegExp(`^A ${name}$`));
      await expect.poll(() => focused(page)).toBe(`H1 ${name}`);
      await visit.settled();
    };
    await page.goto(`${gateway.url}/dashboard`);
    await expect.poll(() => focused(page)).toBe('INPUT Key');
    await keyboard.type(admin);
    await keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('H1 Now');

    await goTo('Learning');
    await press(/^A Translation$/);
    await page.getByRole('heading', { name: 'Translation', level: 2, exact: true }).waitFor();
    await page.locator('[data-field=why]').waitFor();

    await goTo('Requests');
    await press(/translation by .*: explain$/);
    await page.getByRole('heading', { name: 'Candidates' }).waitFor();
    expect(await focused(page)).toBe('H1 Requests');
    await press(/^BUTTON Bad$/);
    const told = page.getByRole('status').filter({ hasText: 'What is believed of' });
    await told.waitFor();
    const [, before, after] = /from (\d\.\d+) to (\d\.\d+)/.exec((await told.textContent()) ?? '') ?? [];
    expect(Number(after)).toBeLessThan(Number(before));
    // Pressed and read again, the page leaves the focus where it was; a button that goes hands it on.
    await press(/^BUTTON Take it back$/);
    await page.getByRole('button', { name: 'Take it back' }).waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('BUTTON Good');

    await goTo('Money');
    const slider = page.getByRole('slider', { name: /A perfect answer/ });
    await slider.waitFor();
    await tabTo(page, /^INPUT A perfect answer/);
    const was = await slider.getAttribute('aria-valuetext');
    await keyboard.press('ArrowLeft');
    expect(await slider.getAttribute('aria-valuetext')).not.toBe(was);

    await goTo('Models & providers');
    await page.locator('tr[data-model=sim-mini]').waitFor();
    await press(/^BUTTON Pause sim-mini$/);
    await page.getByText('sim-mini is out of service').waitFor();
    await expect.poll(() => focused(page)).toBe('BUTTON Resume sim-mini');
    await keyboard.press('Enter');
    await page.getByText('sim-mini is back in service').waitFor();
  }, 120_000);

  test('an address that was cut short leads to its page', async () => {
    await logIn();
    await page.goto(`${gateway.url}/dashboard#/learning/%E0%A4%A`);
    await page.getByRole('heading', { level: 1, name: 'Learning' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Learning' }).waitFor();
    await page.getByRole('list', { name: 'Tasks' }).waitFor();
  });

  test('the first key leads past the navigation, to the page that is looked at', async () => {
    await logIn();
    await go('Money');
    await page.evaluate('document.activeElement.blur()');
    await page.getByRole('button', { name: 'To the content' }).focus();
    await page.keyboard.press('Enter');
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('content');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Money');
  });

  test.each([
    ['light', 1440],
    ['light', 390],
    ['dark', 1440],
    ['dark', 390],
  ] as const)(
    'axe finds nothing to complain of, %s, %i px',
    async (colorScheme, width) => {
      const seen = await openPage(browser, gateway.url, { colorScheme, viewport: { width, height: 900 } });
      const found: Complaint[] = [];
      const look = async (where: string) => {
        found.push(...(await complaintsOf(seen, where)));
      };
      try {
        await seen.page.goto(`${gateway.url}/dashboard`);
        await seen.page.getByLabel('Key').waitFor();
        await look('Login');
        await seen.logIn(admin);
        for (const name of PAGES) {
          await seen.go(name);
          await look(name);
        }
        await seen.go('Requests');
        await seen.page.locator('table tbody tr a').first().click();
        await seen.page.getByRole('heading', { name: 'Candidates' }).waitFor();
        await look('One request');
      } finally {
        await seen.page.context().close();
      }
      expect(found).toEqual([]);
      expect(seen.complaints).toEqual([]);
    },
    120_000,
  );

  test.each([
    [390, 844],
    [768, 1024],
    [1440, 900],
  ])('no page is wider than a screen of %i px, and each says what it is', async (width, height) => {
    await page.setViewportSize({ width, height });
    await logIn();
    for (const name of PAGES) {
      await go(name);
      await visit.settled();
      expect(await page.evaluate<number>('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(
        width,
      );
      await expect.poll(() => page.title()).toBe(`${name} · Outrider`);
    }
  });
});

describe.skipIf(CHROMIUM === undefined)('names that are meant to do harm', () => {
  test('are text on every page, and the long ones fit on a phone', async () => {
    const browser = await startBrowser();
    const gateway = await startGateway(`[providers.simulated]
kind = "simulated"
[api.models.${JSON.stringify(HOSTILE)}]
endpoints = [{ provider = "simulated", model = "sim-mini" }]
[api.models."plain"]
endpoints = [{ provider = "simulated", model = "sim-flash" }]
[api.models.${JSON.stringify(LONG)}]
endpoints = [{ provider = "simulated", model = "sim-coder" }]
[api.models.${JSON.stringify(ENDLESS)}]
endpoints = [{ provider = "simulated", model = "sim-scribe" }]
`);
    try {
      const { key: admin } = await gateway.createKey({ name: HOSTILE, scopes: ['admin'] });
      const { key: endless } = await gateway.createKey({ name: 'y'.repeat(200) });
      for (let index = 0; index < 12; index++) {
        const body = { ...TRANSLATE, model: index === 0 ? 'auto' : ENDLESS };
        expect((await send(`${gateway.url}/v1/chat/completions`, { key: endless, body })).status).toBe(200);
      }
      // As many as patterns show a kind of requests from.
      for (const model of ['auto', LONG, ...Array.from({ length: 12 }, () => HOSTILE)]) {
        const answer = await send(`${gateway.url}/v1/chat/completions`, {
          key: admin,
          body: { ...TRANSLATE, model },
        });
        expect(answer.status, answer.text).toBe(200);
      }
      const { page, complaints, logIn, go, settled } = await openPage(browser, gateway.url);
      page.on('dialog', (dialog) => {
        complaints.push(`said ${dialog.message()}`);
        void dialog.dismiss();
      });
      await page.setViewportSize({ width: 390, height: 844 });
      await logIn(admin);
      const look = async (where: string) => {
        await page.getByText(HOSTILE).first().waitFor({ state: 'attached' });
        await settled();
        const pictures = await page.evaluate<number>(
          'document.querySelectorAll("main img, [onerror]").length',
        );
        expect(pictures, where).toBe(0);
        expect(
          await page.evaluate<number>('document.documentElement.scrollWidth'),
          where,
        ).toBeLessThanOrEqual(390);
      };
      for (const name of PAGES) {
        await go(name);
        await look(name);
      }
      await go('Requests');
      await page.locator('table tbody tr a').first().click();
      await page.getByRole('heading', { name: 'Candidates' }).waitFor();
      await look('One request');
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
      await gateway.stop();
    }
  }, 60_000);
});

describe.skipIf(CHROMIUM === undefined)('an empty installation', () => {
  test.each([
    ['dark', 1440],
    ['light', 390],
  ] as const)(
    'gives axe nothing to complain of, %s, %i px',
    async (colorScheme, width) => {
      const browser = await startBrowser();
      const gateway = await startGateway();
      try {
        const visit = await openPage(browser, gateway.url, {
          colorScheme,
          viewport: { width, height: 900 },
        });
        await visit.page.goto(`${gateway.url}/dashboard`);
        const found: Complaint[] = [];
        for (const name of PAGES) {
          await visit.go(name);
          found.push(...(await complaintsOf(visit, name)));
        }
        expect(found).toEqual([]);
        expect(visit.complaints).toEqual([]);
      } finally {
        await browser.close();
        await gateway.stop();
      }
    },
    120_000,
  );

  test('keeps showing its first key, which closes it, and is logged in with that', async () => {
    const browser = await startBrowser();
    const gateway = await startGateway();
    try {
      const { page, go } = await openPage(browser, gateway.url);
      await page.goto(`${gateway.url}/dashboard`);
      await go('Keys');
      await page.getByLabel('Name').fill('me');
      // The first one is an admin's, or nobody could make a second one here.
      await page.getByRole('checkbox', { name: 'admin' }).uncheck();
      await page.getByRole('button', { name: 'Create' }).click();
      expect(await page.locator('[data-field=new-key]').count()).toBe(0);
      await page.getByRole('checkbox', { name: 'admin' }).check();
      await page.getByRole('button', { name: 'Create' }).click();
      const key = await page.locator('[data-field=new-key]').textContent();
      const open = async () => (await send(`${gateway.url}/v1/usage?limit=1`)).status;
      await expect.poll(open, { timeout: WAIT_MS }).toBe(401);
      expect(await page.locator('[data-field=new-key]').textContent()).toBe(key);
      await go('Now');
      await go('Keys');
      await page.getByRole('row', { name: /^me or-/ }).waitFor();
      expect((await send(`${gateway.url}/v1/keys`, { key: key ?? '' })).status).toBe(200);
    } finally {
      await browser.close();
      await gateway.stop();
    }
  }, 60_000);

  test('says on every page what would fill it, with what to type', async () => {
    const browser = await startBrowser();
    const gateway = await startGateway();
    try {
      const { page, complaints, go } = await openPage(browser, gateway.url);
      // Without a key the gateway is open to this machine, and so is the page.
      await page.goto(`${gateway.url}/dashboard`);
      const teaches = async (title: string, command: string) => {
        await page.getByRole('heading', { name: title }).waitFor();
        expect(await page.locator('pre').allTextContents()).toEqual(
          expect.arrayContaining([expect.stringContaining(command)]),
        );
        expect(await page.getByRole('button', { name: 'Copy' }).count()).toBeGreaterThan(0);
      };
      await teaches('No requests in the last 24 hours', `${gateway.url}/v1/chat/completions`);
      await go('Learning');
      await teaches('Code generation', '/v1/feedback/');
      await go('Money');
      await teaches('Nothing spent yet', 'cost-forecast');
      await go('Patterns');
      await teaches('No pattern yet', 'npm run demo');
      await go('Requests');
      await teaches('No requests yet', '/v1/route');
      await go('Models & providers');
      await page.getByRole('rowheader', { name: 'sim-mini' }).waitFor();
      await go('Keys');
      await teaches('No key exists', 'keys create');
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
      await gateway.stop();
    }
  }, 60_000);
});

describe.skipIf(CHROMIUM === undefined)('two weeks of traffic', () => {
  let browser: Browser;
  let serving: Serving;
  let folder: string;
  let visit: Visit;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrider-dashboard-'));
    const { configPath } = await fillHistory({
      folder,
      requests: 600,
      seed: 1,
      endMs: Date.now(),
      onProgress: () => {},
      signal: new AbortController().signal,
    });
    const toml = await readFile(configPath, 'utf8');
    await writeFile(configPath, toml.replace('[api]\n', '[api]\naddress = "127.0.0.1:0"\n'));
    const env = { OUTRIDER_DETECT: 'none', OUTRIDER_SEED: '1', OUTRIDER_LOG_LEVEL: 'silent' };
    serving = await serve({ configPath, env, print: () => {} });
    browser = await startBrowser();
  }, 240_000);

  afterAll(async () => {
    await browser.close();
    await serving.close();
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    visit = await openPage(browser, serving.url);
    // The demonstration is open to this machine.
    await visit.page.goto(`${serving.url}/dashboard`);
    await visit.page.getByRole('heading', { name: 'Now', level: 1 }).waitFor();
  });

  afterEach(async () => {
    await visit.page.context().close();
    expect(visit.complaints).toEqual([]);
  });

  test('the slider tells at once what another value of quality would do, as replay does', async () => {
    const { page, go } = visit;
    await go('Money');
    const whatIf = page.locator('[data-field=what-if]');
    const slider = whatIf.getByRole('slider', { name: /A perfect answer/ });
    await slider.waitFor();
    const questions: string[] = [];
    page.on('request', (request) => questions.push(request.url()));
    const cost = whatIf.getByRole('region', { name: 'Per 1,000 requests, then' });
    const quality = whatIf.getByRole('region', { name: 'Quality, then' });
    const own = await cost.textContent();
    await slider.focus();
    await page.keyboard.press('Home');
    const valueText = (await slider.getAttribute('aria-valuetext')) ?? '';
    const thrifty = { cost: await cost.textContent(), quality: await quality.textContent() };
    expect(thrifty.cost).not.toBe(own);
    expect(questions.filter((url) => url.includes('replay'))).toEqual([]);
    const { json } = await send(`${serving.url}/v1/intelligence/replay`, {
      body: { value_of_quality_usd: Number(valueText.replace('$', '')) },
    });
    const [policy] = (json as Replay).policies;
    for (const [text, estimate] of [
      [thrifty.cost, policy?.cost_usd_per_1k_requests],
      [thrifty.quality, policy?.quality],
    ] as const) {
      // What cannot be told is not told, in the words of the answer.
      const told = estimate?.doubly_robust;
      if (told) expect(Number(/\d+\.\d+/.exec(text ?? '')?.[0])).toBeCloseTo(told.mean, 1);
      else expect(text).toContain(estimate?.refusal?.message);
    }
    await whatIf.getByRole('button', { name: 'As it is now' }).click();
    expect(await cost.textContent()).toBe(own);
  });

  test('what routing saved is what the answer says, with its interval', async () => {
    const { json } = await send(`${serving.url}/v1/intelligence/savings?window=30d`);
    const best = (json as Savings).comparisons.find(({ against }) => against === 'best');
    const label = (best?.saved_usd?.mean ?? 0) >= 0 ? 'Saved in 30 days' : 'Spent more in 30 days';
    const figure = visit.page.getByLabel(label);
    await figure.waitFor();
    const text = (await figure.textContent()) ?? '';
    expect(text).toContain(`against always ${best?.model}`);
    if (best?.saved_usd) {
      const amount = Math.abs(best.saved_usd.mean);
      const shown = (await figure.locator('strong').textContent()) ?? '';
      expect(Number(shown.replace(/[$,]/g, ''))).toBeCloseTo(amount, amount < 1 ? 2 : 1);
    } else expect(text).toContain(best?.cost_usd.refusal?.message);
    await visit.go('Money');
    const table = visit.page.getByRole('table', { name: /What routing saved/ });
    await table.getByRole('rowheader', { name: 'Always the dearest' }).waitFor();
  });

  test('the money is told by whom, for what and on what it was spent, as the usage has it', async () => {
    const { json } = await send(`${serving.url}/v1/usage?group_by=model`);
    const { data, total } = json as UsageReport;
    const [dearest] = [...data].sort((one, other) => other.cost_usd - one.cost_usd);
    await visit.go('Money');
    const card = visit.page.locator('[data-field=where-it-goes]');
    const share = `${((100 * (dearest?.cost_usd ?? 0)) / total.cost_usd).toFixed(0)} %`;
    await card.getByText(`takes ${share} of the money`).waitFor();
    const picture = card.getByRole('figure', { name: 'Money from key to task to model' });
    const models = picture.getByRole('list').last();
    expect(await models.getByRole('listitem').first().textContent()).toContain(dearest?.model);
    expect(await card.getByRole('table', { name: 'The dearest uses' }).locator('tbody tr').count()).toBe(6);
  });

  test('other work than chat is shown when one comes from where it is named', async () => {
    await visit.go('Patterns');
    await visit.page.getByRole('table').getByRole('link', { name: 'Embedding' }).first().click();
    await visit.page.getByRole('heading', { level: 2, name: 'Embedding', exact: true }).waitFor();
  });

  test.each([
    ['light', 1440],
    ['dark', 390],
  ] as const)(
    'axe finds nothing to complain of, %s, %i px',
    async (colorScheme, width) => {
      const seen = await openPage(browser, serving.url, { colorScheme, viewport: { width, height: 900 } });
      const found: Complaint[] = [];
      try {
        await seen.page.goto(`${serving.url}/dashboard`);
        for (const name of PAGES) {
          await seen.go(name);
          found.push(...(await complaintsOf(seen, name)));
        }
      } finally {
        await seen.page.context().close();
      }
      expect(found).toEqual([]);
      expect(seen.complaints).toEqual([]);
    },
    120_000,
  );

  test('the month goes on to its end, with a band', async () => {
    const { json } = await send(`${serving.url}/v1/intelligence/cost-forecast?until=month`);
    expect((json as SpendForecast).history_hours).toBeGreaterThan(200);
    await visit.go('Money');
    const month = visit.page.locator('[data-field=month]');
    await month.getByText('Four of five cases').waitFor();
    await month.getByText('As a table').click();
    const cells = await month.getByRole('table').locator('tbody tr').last().locator('td').allTextContents();
    expect(cells.some((text) => /\$[\d.,]+ – \$[\d.,]+/.test(text))).toBe(true);
  });
});
