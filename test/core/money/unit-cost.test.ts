import { describe, expect, it } from 'vitest';
import { audioSeconds } from '../../../src/core/money/audio-seconds.ts';
import { costMicroUsd, estimateCostMicroUsd } from '../../../src/core/money/cost.ts';

const FREE = { inputUsdPerMillion: 0, outputUsdPerMillion: 0, cachedInputUsdPerMillion: 0 };
const NO_TOKENS = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0 };

describe('what is charged by the unit', () => {
  it('is exact to a millionth of a dollar, and added to what tokens cost', () => {
    expect(costMicroUsd({ ...NO_TOKENS, units: 3 }, { ...FREE, unitUsd: 0.04 })).toBe(120_000);
    // $0.006 a minute, 90.5 seconds.
    expect(costMicroUsd({ ...NO_TOKENS, units: 90.5 }, { ...FREE, unitUsd: 0.006 / 60 })).toBe(9_050);
    // $15 a million characters.
    expect(costMicroUsd({ ...NO_TOKENS, units: 1_234 }, { ...FREE, unitUsd: 15 / 1e6 })).toBe(18_510);
    expect(
      costMicroUsd(
        { ...NO_TOKENS, inputTokens: 1_000, units: 1 },
        { ...FREE, inputUsdPerMillion: 5, unitUsd: 0.01 },
      ),
    ).toBe(15_000);
  });

  it('is nothing for what makes no sense', () => {
    for (const units of [Number.NaN, -1, Number.POSITIVE_INFINITY, undefined]) {
      expect(costMicroUsd({ ...NO_TOKENS, units }, { ...FREE, unitUsd: 1 })).toBe(0);
    }
    for (const unitUsd of [Number.NaN, -1, Number.POSITIVE_INFINITY, undefined]) {
      expect(costMicroUsd({ ...NO_TOKENS, units: 1 }, { ...FREE, unitUsd })).toBe(0);
    }
  });

  it('is known before it is sent', () => {
    const request = { inputTokens: 0, expectedOutputTokens: 0, choices: 2, units: 2 };
    expect(estimateCostMicroUsd(request, { ...FREE, unitUsd: 0.02 })).toBe(40_000);
  });
});

describe('how long a recording is', () => {
  it('is said by the header of a WAV file, else guessed by 128 kbit/s', () => {
    const wav = Buffer.alloc(44);
    wav.write('RIFF');
    wav.write('WAVEfmt ', 8);
    wav.writeUInt32LE(48_000, 28);
    expect(audioSeconds(wav, 96_000)).toBe(2);
    wav.writeUInt32LE(0, 28);
    expect(audioSeconds(wav, 96_000)).toBe(6);
    expect(audioSeconds(Buffer.from('ID3'), 16_000)).toBe(1);
    expect(audioSeconds(Buffer.alloc(0), 0)).toBe(0);
  });
});
