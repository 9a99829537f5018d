import { expect, test } from 'vitest';
import { createCounters } from '../../../src/core/tally/counter.ts';
import { createHistograms } from '../../../src/core/tally/histogram.ts';

test('a counter adds up by labels and never falls', () => {
  const counters = createCounters({ name: 'calls_total', help: 'Calls', labelNames: ['model', 'ending'] });
  counters.of('a', 'completed').add(1);
  counters.of('a', 'completed').add(0.5);
  counters.of('a', 'timeout').add(2);
  counters.of('a', 'timeout').add(-1);
  counters.of('a', 'timeout').add(Number.NaN);
  expect(counters.render()).toBe(
    '# HELP calls_total Calls\n# TYPE calls_total counter\n' +
      'calls_total{model="a",ending="completed"} 1.5\ncalls_total{model="a",ending="timeout"} 2\n',
  );
});

test('without labels a series is there from the start', () => {
  expect(createCounters({ name: 'one_total', help: 'One', labelNames: [] }).render()).toContain(
    '\none_total 0\n',
  );
});

test('label values are escaped', () => {
  const counters = createCounters({ name: 'n_total', help: 'N', labelNames: ['model'] });
  counters.of('a"b\\c\nd').add(1);
  expect(counters.render()).toContain('n_total{model="a\\"b\\\\c\\nd"} 1\n');
});

test('buckets include their upper bound and count upwards to +Inf', () => {
  const histograms = createHistograms({ name: 's', help: 'S', labelNames: ['model'], bounds: [0.1, 1] });
  const series = histograms.of('m');
  for (const value of [0.1, 0.1000001, 1, 7, Number.NaN]) series.observe(value);
  const lines = histograms.render().split('\n');
  expect(lines.slice(2, 5)).toEqual([
    's_bucket{model="m",le="0.1"} 1',
    's_bucket{model="m",le="1"} 3',
    's_bucket{model="m",le="+Inf"} 4',
  ]);
  expect(Number(lines[5]?.split(' ')[1])).toBeCloseTo(8.2000001, 9);
  expect(lines[6]).toBe('s_count{model="m"} 4');
});

test('a histogram without labels names only the bound', () => {
  const histograms = createHistograms({ name: 'h', help: 'H', labelNames: [], bounds: [1] });
  histograms.of().observe(0);
  expect(histograms.render()).toContain('h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 0\nh_count 1\n');
});
