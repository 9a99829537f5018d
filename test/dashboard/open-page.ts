import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** A browser on a busy machine. */
export const WAIT_MS = 20_000;

export const PAGES = [
  'Now',
  'Learning',
  'Money',
  'Patterns',
  'Requests',
  'Models & providers',
  'Keys',
] as const;

export interface Visit {
  readonly page: Page;
  /** Errors of the page, and what it asked of anybody else. */
  readonly complaints: string[];
  logIn(key: string): Promise<void>;
  /** By the navigation, as a person would. */
  go(name: string): Promise<void>;
  /** Once nothing is being loaded any more; the network never rests while decisions are watched. */
  settled(): Promise<void>;
}

/** A page of its own, with the storage and the cookies of nobody. */
export async function openPage(
  browser: Browser,
  gatewayUrl: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // What a browser keeps a page from; refusals of the gateway are told in words.
    if (/Content Security Policy|Refused to/.test(message.text())) complaints.push(message.text());
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(gatewayUrl) && !url.startsWith('data:')) complaints.push(`asked ${url}`);
  });
  return {
    page,
    complaints,
    async logIn(key) {
      await page.goto(`${gatewayUrl}/dashboard`);
      await page.getByLabel('Key').fill(key);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('heading', { name: 'Now', level: 1 }).waitFor();
    },
    async go(name) {
      await page.getByRole('navigation').getByRole('link', { name }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
    },
    async settled() {
      await page
        .getByText(/^(Loading|Replaying) …$/)
        .first()
        .waitFor({ state: 'detached' });
      await page.evaluate(
        'new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))',
      );
    },
  };
}
