import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../src/config/describe-config.ts';
import { restartNeeded } from '../../src/config/restart-needed.ts';
import { loadText } from './load-text.ts';

describe('describeConfig', () => {
  it('says that models are simulated', async () => {
    const lines = describeConfig(await loadText(undefined, { OUTRIDER_DETECT: 'none' }));
    expect(lines).toEqual([
      'No outrider.toml: all settings at their defaults.',
      'simulated: 2 models (answered by this process)',
      expect.stringContaining('SIMULATED'),
    ]);
  });

  it('says which prices nobody knows, and where keys come from, and no key', async () => {
    const lines = describeConfig(
      await loadText(
        '[providers.openai]\napi_key_env = "K"\n[api.models.m]\nendpoints = [{ provider = "openai", model = "gpt-6-sol" }, { provider = "openai", model = "odd" }]',
        { K: 'canary-secret' },
      ),
    );
    expect(lines).toEqual([
      'Settings from ./outrider.toml.',
      'openai: 2 models (https://api.openai.com/v1, key from K); price unknown, counted as free: odd',
    ]);
  });

  it('says that there is nothing to route to', async () => {
    const lines = describeConfig(await loadText('[providers.rack]\nbase_url = "http://10.0.0.5/v1"'));
    expect(lines.at(-1)).toMatch(/^No models/);
  });
});

describe('restartNeeded', () => {
  const load = (toml: string) => loadText(toml, { OUTRIDER_DETECT: 'none' });

  it('names what a running process cannot take over, and nothing else', async () => {
    const old = await load('');
    expect(
      restartNeeded(old, await load('[api]\nmax_requests_per_minute = 5\n[routing]\nexploration = 0.1')),
    ).toEqual([]);
    expect(
      restartNeeded(old, await load('[api]\naddress = "127.0.0.1:9"\n[store]\nurl = "sqlite:other.db"')),
    ).toEqual(['api.address', 'store.url']);
  });
});
