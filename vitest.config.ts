import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // What is waited for comes in milliseconds, but not on a machine that has other things to do.
    expect: { poll: { timeout: 10_000 } },
    // Two cores: more workers only make the timing-sensitive fault tests fight each other.
    maxWorkers: 2,
  },
});
