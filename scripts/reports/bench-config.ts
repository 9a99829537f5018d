import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Twelve priced models at three providers, two of them at two: as many as a team that compares has. */
const MODELS: readonly (readonly [
  name: string,
  input: number,
  output: number,
  providers: readonly string[],
])[] = [
  ['atlas-large', 3, 15, ['north', 'south']],
  ['atlas-medium', 0.8, 4, ['north']],
  ['atlas-small', 0.15, 0.6, ['north']],
  ['birch-pro', 2.5, 10, ['south']],
  ['birch-mini', 0.4, 1.6, ['south', 'west']],
  ['birch-nano', 0.1, 0.4, ['south']],
  ['cedar-405b', 1.8, 1.8, ['west']],
  ['cedar-70b', 0.6, 0.8, ['west']],
  ['cedar-8b', 0.05, 0.08, ['west']],
  ['delta-coder', 0.9, 2.7, ['north']],
  ['delta-reason', 1.1, 4.4, ['south']],
  ['elm-chat', 0.25, 1, ['west']],
];

/**
 * The configuration of the gateway that is asked: nobody answers at its providers, for no request is sent there.
 *
 * @param requestsDays what is older leaves the store; nothing does where it is not said
 * @returns the path of the file
 */
export function writeBenchConfig(folder: string, databaseUrl: string, requestsDays?: number): string {
  const lines = [
    '[api]',
    'address = "127.0.0.1:0"',
    '[store]',
    `url = ${JSON.stringify(databaseUrl)}`,
    '[retention]',
    `requests_days = ${requestsDays ?? '"forever"'}`,
    '[budgets]',
    'usd_per_month = 1_000_000',
    ...['north', 'south', 'west'].flatMap((provider) => [
      `[providers.${provider}]`,
      'base_url = "http://127.0.0.1:9/v1"',
    ]),
    ...MODELS.flatMap(([name, input, output, providers]) => {
      const price = `input_usd_per_million = ${input}, output_usd_per_million = ${output}`;
      const endpoints = providers.map(
        (provider) => `{ provider = "${provider}", model = "${name}", ${price} }`,
      );
      return [
        `[api.models.${name}]`,
        'context_length = 128000',
        'capabilities = ["tools", "json"]',
        `endpoints = [${endpoints.join(', ')}]`,
      ];
    }),
  ];
  const path = join(folder, 'outrider.toml');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}
