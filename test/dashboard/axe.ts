import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Visit } from './open-page.ts';

/** https://github.com/dequelabs/axe-core, run inside the page. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Complaint {
  readonly where: string;
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe has to say of the page as it stands, the first three places of each rule. */
export async function complaintsOf(visit: Visit, where: string): Promise<Complaint[]> {
  await visit.settled();
  const violations = await visit.page.evaluate<Omit<Complaint, 'where'>[]>(
    `(async () => { if (window.axe === undefined) { ${AXE} }
    const { violations } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'] });
    return violations.map(({ id, nodes }) => ({ id, nodes: nodes.slice(0, 3).map(({ html }) => ({ html })) })); })()`,
  );
  return violations.map((violation) => ({ where, ...violation }));
}
