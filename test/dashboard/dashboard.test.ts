import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from '../http/send.ts';
import { CHROMIUM, startBrowser } from './browser.ts';

/** A browser on a busy machine. */
const WAIT_MS = 20_000;

describe.skipIf(CHROMIUM === undefined)('the dashboard in a browser', () => {
  let browser: Browser;
  let gateway: TestGateway;
  let admin: string;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await startBrowser();
    gateway = await startGateway();
    admin = (await gateway.createKey({ name: '<img src=x onerror=alert(1)>', scopes: ['admin'] })).key;
    for (let index = 0; index < 12; index++) {
      const answer = await send(`${gateway.url}/v1/chat/completions`, {
        key: admin,
        body: { model: 'auto', messages: [{ role: 'user', content: 'Translate to French: good morning' }] },
      });
      expect(answer.status, answer.text).toBe(200);
    }
  });

  afterAll(async () => {
    await browser.close();
    await gateway.stop();
  });

  beforeEach(async () => {
    complaints = [];
    page = await browser.newPage();
    page.setDefaultTimeout(WAIT_MS);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(gateway.url) && !request.url().startsWith('data:')) {
        complaints.push(`asked ${request.url()}`);
      }
    });
  });

  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
  });

  async function logIn(): Promise<void> {
    await page.goto(`${gateway.url}/dashboard`);
    await page.getByLabel('Key').fill(admin);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Now', level: 1 }).waitFor();
  }

  const go = async (name: string) => {
    await page.getByRole('navigation').getByRole('link', { name }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
  };

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
    expect(await page.getByText('The most value under').textContent()).toContain('quality');
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

  test('makes a key, shows it once, and revokes it when asked twice', async () => {
    await logIn();
    await go('Keys');
    // Names are text, whatever stands in them.
    await page.getByRole('rowheader', { name: '<img src=x onerror=alert(1)>' }).waitFor();
    await page.getByLabel('Name').fill('from the page');
    await page.getByRole('button', { name: 'Create' }).click();
    const key = (await page.locator('[data-field=new-key]').textContent()) ?? '';
    const models = await send(`${gateway.url}/v1/models`, { key });
    expect(models.status).toBe(200);
    const row = page.getByRole('row', { name: 'from the page' });
    await row.getByRole('button', { name: 'Revoke' }).click();
    await row.getByRole('button', { name: 'Really revoke?' }).click();
    await row.getByText('revoked').waitFor();
  });

  test.each([
    [390, 844],
    [1440, 900],
  ])('no page is wider than a screen of %i px, and each says what it is', async (width, height) => {
    await page.setViewportSize({ width, height });
    await logIn();
    for (const name of ['Now', 'Learning', 'Money', 'Requests', 'Models & providers', 'Keys']) {
      await go(name);
      await page.waitForLoadState('networkidle');
      expect(await page.evaluate<number>('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(
        width,
      );
      await expect.poll(() => page.title()).toBe(`${name} · Outrider`);
    }
  });
});
