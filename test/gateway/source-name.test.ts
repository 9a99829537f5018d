import { expect, test } from 'vitest';
import type { GatewayDeps } from '../../src/gateway/deps.ts';
import { sourceNameFor } from '../../src/gateway/reports/source-name.ts';
import { reportSources } from '../../src/gateway/reports/sources.ts';

const narrow = new Set(['open', 'team/open:free']);

test.each([
  ['human', narrow, 'human'],
  ['outrider_judge:open', narrow, 'outrider_judge:open'],
  ['outrider_judge:team/open:free:pairwise', narrow, 'outrider_judge:team/open:free:pairwise'],
  ['outrider_judge:secret', narrow, 'outrider_judge'],
  ['outrider_judge:secret:pairwise', narrow, 'outrider_judge'],
  ['outrider_judge:open:secret', narrow, 'outrider_judge'],
  ['outrider_judge:secret', undefined, 'outrider_judge:secret'],
])('a judge names its model to whoever may know of it: %s', (name, visibleModels, told) => {
  expect(sourceNameFor(name, visibleModels)).toBe(told);
});

test('sources with a key for some models', () => {
  const reliability = { pairs: 3, slope: 0.5, offset: 0.1, weight: 0.4 };
  const learner = {
    sources: () => ['outrider_judge:secret', 'heuristic'],
    reliabilityOf: () => reliability,
    labelRateOf: () => 0,
  };
  const deps = { learner } as object as GatewayDeps;
  expect(reportSources(deps, narrow)).toMatchObject({
    data: [
      { source: 'outrider_judge', source_class: 'judge', pairs: 3, weight: 0.4 },
      { source: 'heuristic', source_class: 'heuristic' },
    ],
  });
  expect(reportSources(deps, undefined)).toMatchObject({
    data: [{ source: 'outrider_judge:secret', source_class: 'judge' }, {}],
  });
});
