import type { Page } from 'playwright-core';

/** More than stand between any two places of a page. */
const MOST_PRESSES = 150;

/** What has the focus, as one who listens is told: its role's element and its name. */
export function focused(page: Page): Promise<string> {
  return page.evaluate<string>(
    `(() => { const one = document.activeElement;
      const label = one.labels?.[0]?.textContent ?? one.textContent ?? '';
      return one.tagName + ' ' + (one.getAttribute('aria-label') ?? label).trim(); })()`,
  );
}

/**
 * Goes on with the tab key, as who has no mouse does.
 *
 * @param wanted of what `focused` says
 * @throws Error when it is not reached
 */
export async function tabTo(page: Page, wanted: RegExp): Promise<void> {
  const passed: string[] = [];
  for (let press = 0; press < MOST_PRESSES; press += 1) {
    const now = await focused(page);
    if (wanted.test(now)) return;
    passed.push(now.slice(0, 60));
    await page.keyboard.press('Tab');
  }
  throw new Error(`${wanted} is not reached by the tab key, but ${[...new Set(passed)].join(' | ')}`);
}
