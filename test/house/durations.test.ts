import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const SRC = new URL('../../src/', import.meta.url);

test('what an hour or a day is stands in core/durations.ts alone', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.tsx?$/.test(file) && file !== 'core/durations.ts' && !file.startsWith('dashboard/'),
  );
  const others = files.filter((file) =>
    /\b(MINUTE_MS|HOUR_MS|DAY_MS) *=(?!=)|24 \* 3_600_000|\b86_400_000 *[;,]/.test(
      readFileSync(new URL(file, SRC), 'utf8'),
    ),
  );
  expect(others).toEqual([]);
});
