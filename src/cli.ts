import { Command, InvalidArgumentError, Option } from 'commander';
import { FILE_FORMATS } from './core/evaluation/read-file.ts';
import { importCommand } from './import-command.ts';
import {
  CLEARABLE_SETTINGS,
  createKeyCommand,
  listKeysCommand,
  revokeKeyCommand,
  showKeyCommand,
  updateKeyCommand,
} from './keys-commands.ts';
import { main } from './main.ts';
import {
  capExposureCommand,
  listModelsCommand,
  listRestrictedCommand,
  pauseModelCommand,
  reevaluateModelCommand,
} from './models-commands.ts';
import { purgeCommand } from './purge-command.ts';
import { replayCommand } from './replay-command.ts';
import { ON_EXHAUSTED } from './store/contract.ts';
import { VERSION } from './version.ts';

/** `outrider …`; the arguments without the program's own name. */
export async function runCli(args: readonly string[]): Promise<void> {
  const program = new Command('outrider').description(
    'A self-hosted, OpenAI-compatible LLM router that learns which model to use.',
  );
  program.version(VERSION, '--version', 'show the version');
  const print = (line: string) => {
    process.stderr.write(`${line}\n`);
  };
  const config = ['--config <file>', 'instead of ./outrider.toml or what OUTRIDER_CONFIG names'] as const;

  program
    .command('serve', { isDefault: true })
    .description('start the gateway')
    // Whatever is no command comes here, as this is the one that need not be named.
    .argument('[nothing...]')
    .usage('[options]')
    .option(...config)
    .action((words: readonly string[], { config: configPath }, command: Command) => {
      if (words.length > 0) command.error(unknownCommand(words, program));
      return main({ configPath, env: process.env, print });
    });

  const keys = program.command('keys').description("clients' API keys");
  withKeyOptions(
    keys
      .command('create')
      .description('make a key and show it, this once')
      .option(...config)
      .requiredOption('--name <name>', 'whose key it is')
      .option('--scope <scope...>', SCOPES_SAID, ['inference', 'feedback']),
  ).action((options) => createKeyCommand(options, process.env, console.log));
  withKeyOptions(
    keys
      .command('update <id>')
      .description('change what is said of a key, within five seconds; its text stays')
      .option(...config)
      .option('--name <name>', 'whose key it is')
      .option('--scope <scope...>', SCOPES_SAID),
  )
    .option('--no-hold-back', 'send its streams as they come')
    .option('--clear <setting...>', `take away: ${CLEARABLE_SETTINGS.join(', ')}`)
    .action((id, options) => updateKeyCommand(id, options, process.env, console.log));
  keys
    .command('show <id>')
    .description('all that is said of a key, as JSON')
    .option(...config)
    .action((id, options) => showKeyCommand(id, options, process.env, console.log));
  keys
    .command('list')
    .description('all keys, without what is secret of them')
    .option(...config)
    .action((options) => listKeysCommand(options, process.env, console.log));
  keys
    .command('revoke <id>')
    .description('end a key, within five seconds')
    .option(...config)
    .action((id, options) => revokeKeyCommand(id, options, process.env, console.log));

  const models = program.command('models').description('the models there are, and what is learnt of them');
  models
    .command('list')
    .description('each with its endpoints, prices and learnt scores')
    .option(...config)
    .action((options) => listModelsCommand(options, process.env, console.log));
  models
    .command('reevaluate <id>')
    .description(
      'look at a model again: the running gateway tries it, within bounds; OUTRIDER_API_KEY is the key',
    )
    .option(...config)
    .option('--max-requests <count>', 'that it may get (200)', wholeNumber)
    .option('--url <url>', 'of the gateway, instead of api.address')
    .action((id, options) => reevaluateModelCommand(id, options, process.env, console.log));
  models
    .command('exposure <id>')
    .description("cap a model's share of what is left to the router; OUTRIDER_API_KEY is the key")
    .option(...config)
    .option('--max-share <share>', 'from 0 to 1', shareOfOne)
    .option('--task <task>', 'of this task; of each where none is named')
    .option('--remove', 'take the cap away')
    .option('--url <url>', 'of the gateway, instead of api.address')
    .action((id, options) => capExposureCommand(id, options, process.env, console.log));
  models
    .command('restricted')
    .description(
      'those that are paused or capped, also what is not configured any more; OUTRIDER_API_KEY is the key',
    )
    .option(...config)
    .option('--url <url>', 'of the gateway, instead of api.address')
    .action((options) => listRestrictedCommand(options, process.env, console.log));
  for (const [action, description] of [
    ['pause', 'take a model out of service; OUTRIDER_API_KEY is the key'],
    ['resume', 'take a model back into service; OUTRIDER_API_KEY is the key'],
  ] as const) {
    models
      .command(`${action} <id>`)
      .description(description)
      .option(...config)
      .option('--url <url>', 'of the gateway, instead of api.address')
      .action((id, options) => pauseModelCommand(id, action, options, process.env, console.log));
  }

  program
    .command('import <file>')
    .description('your own evaluation as prior evidence: CSV, JSON lines, JSON, or the output of promptfoo')
    .option(...config)
    .option('--name <name>', 'of the evaluation; importing it again replaces it (the name of the file)')
    .option('--task <task>', 'of results that name none; else their prompts are classified')
    .option('--map <from=to>', 'a model as the file calls it = as it is called here; repeatable', collect, [])
    .addOption(
      new Option('--format <format>', 'where the name of the file does not say it').choices(FILE_FORMATS),
    )
    .option('--dry-run', 'show what it says and store nothing')
    .action((file, options) => importCommand(file, options, process.env, console.log));

  program
    .command('purge')
    .description('remove requests with all that belongs to them; what they taught and what was spent stays')
    .option(...config)
    .option('--older-than <days>', 'that began longer ago, instead of retention.requests_days', wholeNumber)
    .option('--key <id>', 'of this key alone, and without --older-than whatever else it left')
    .option('--dry-run', 'count them and remove nothing')
    .action((options) => purgeCommand(options, process.env, console.log));

  program
    .command('replay')
    .description(
      'what other policies would have cost and achieved on the logged traffic; asks the running gateway, OUTRIDER_API_KEY is the key',
    )
    .option(...config)
    .option('--url <url>', 'of the gateway, instead of api.address')
    .option('--window <window>', '24h, 7d, 30d or 90d (30d)')
    .option('--task <task>', 'one task only')
    .option('--strategy <name...>', 'these (all there are, where nothing else is asked)')
    .option('--value-of-quality <usd>', 'what a perfect answer is worth over a useless one', numberFrom0)
    .option('--value-of-second <usd>', 'what a second of waiting costs', numberFrom0)
    .option('--min-quality <share>', 'leave out models believed below, 0 to 1', numberFrom0)
    .option('--model <id...>', 'only these models')
    .option('--budget <usd>', 'what 1,000 requests may cost on average', numberFrom0)
    .option('--json', 'the whole answer, as the API gives it')
    .action((options) => replayCommand(options, process.env, console.log));

  await program.parseAsync([...args], { from: 'user' });
}

function unknownCommand([word]: readonly string[], program: Command): string {
  const known = program.commands.map((command) => command.name()).join(', ');
  return `error: there is no command '${word}'. There are: ${known}. See outrider --help.`;
}

const SCOPES_SAID = 'inference, feedback, intelligence; admin includes them all';

/** What can be said of a key at its creation and later. */
function withKeyOptions(command: Command): Command {
  return command
    .option('--model <id...>', 'only these models')
    .option('--provider <name...>', 'only these providers')
    .option('--address <range...>', 'only from these IP addresses and blocks, such as 10.0.0.0/8')
    .option('--plan <name>', 'limits by [plans.<name>]')
    .option('--requests-per-minute <count>', "its own limit, in place of its plan's", wholeNumber)
    .option('--tokens-per-minute <count>', 'likewise, prompt and answer together', wholeNumber)
    .option('--budget-usd-per-day <usd>', 'what it may spend in a UTC day', positiveNumber)
    .option('--budget-usd-per-month <usd>', 'what it may spend in a UTC calendar month', positiveNumber)
    .addOption(new Option('--on-exhausted <what>', 'once a budget is used up (stop)').choices(ON_EXHAUSTED))
    .option('--hold-back', 'send its streams only once they are whole')
    .option('--expires-in-days <days>', 'as a whole number', wholeDays);
}

/** Not `<from=to...>`, which would take the file for one more. */
function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function shareOfOne(text: string): number {
  const share = text.trim() === '' ? Number.NaN : Number(text);
  if (share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError('A number from 0 to 1.');
}

function wholeNumber(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError('A whole number, at least 1.');
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('A number above 0.');
}

function numberFrom0(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('A number, at least 0.');
}

function wholeDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= 36_500) return days;
  throw new InvalidArgumentError('A whole number of days, at least 1.');
}
