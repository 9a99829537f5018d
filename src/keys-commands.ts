import { Mistake, withStore } from './command-store.ts';
import { printable } from './config/printable.ts';
import { KEY_SCOPES, type KeyRecord, type KeyScope } from './store/contract.ts';

type Print = (line: string) => void;
interface CommonOptions {
  readonly config?: string;
}

const DAY_MS = 86_400_000;

/** `outrider keys create` */
export function createKeyCommand(
  options: CommonOptions & {
    readonly name: string;
    readonly scope: readonly string[];
    readonly model?: readonly string[];
    readonly plan?: string;
    readonly expiresInDays?: number;
  },
  env: NodeJS.ProcessEnv,
  print: Print,
): Promise<void> {
  return withKeyStore(options, env, async (store, config) => {
    const scopes = options.scope.flatMap((text) => text.split(',')).map(scopeNamed);
    const { plan, model: allowedModels } = options;
    const name = nameOf(options.name);
    if (plan !== undefined && !Object.hasOwn(config.plans, plan)) {
      throw new Mistake(`There is no plan '${plan}'. There are: ${Object.keys(config.plans).join(', ')}.`);
    }
    for (const id of allowedModels ?? []) {
      if (!config.models.some((model) => model.id === id)) {
        throw new Mistake(
          `There is no model '${id}'. There are: ${config.models.map((m) => m.id).join(', ')}.`,
        );
      }
    }
    const expiresAtMs = options.expiresInDays && Date.now() + options.expiresInDays * DAY_MS;
    const { key, record } = await store.createKey({ name, scopes, allowedModels, plan, expiresAtMs });
    print(key);
    process.stderr.write(`Key ${record.id} for '${name}' (${scopes.join(', ')}). It is not shown again.\n`);
  });
}

/** `outrider keys list` */
export function listKeysCommand(options: CommonOptions, env: NodeJS.ProcessEnv, print: Print): Promise<void> {
  return withKeyStore(options, env, async (store) => {
    const keys = await store.listKeys();
    if (keys.length === 0) print("No keys. 'outrider keys create --name NAME' makes one.");
    for (const key of keys) print(describeKey(key));
  });
}

/** `outrider keys revoke` */
export function revokeKeyCommand(
  id: string,
  options: CommonOptions,
  env: NodeJS.ProcessEnv,
  print: Print,
): Promise<void> {
  return withKeyStore(options, env, async (store) => {
    if (!(await store.revokeKey(id))) throw new Mistake(`There is no key '${id}' that could be revoked.`);
    print(`Key ${id} is revoked; running gateways refuse it within five seconds.`);
  });
}

/** Keys need the store and the names of models, not a look around for local servers. */
function withKeyStore(
  options: CommonOptions,
  env: NodeJS.ProcessEnv,
  work: Parameters<typeof withStore>[2],
): Promise<void> {
  return withStore(options, { ...env, OUTRIDER_DETECT: env.OUTRIDER_DETECT ?? 'keys' }, work);
}

/** The list shows a key's name on its line: one that breaks lines could pass for another key. */
function nameOf(text: string): string {
  const name = text.trim();
  if (name !== '' && name.length <= 200 && name === printable(name)) return name;
  throw new Mistake('A key needs a name of 1 to 200 characters on one line.');
}

function scopeNamed(text: string): KeyScope {
  const scope = KEY_SCOPES.find((known) => known === text.trim());
  if (scope) return scope;
  throw new Mistake(`There is no scope '${text}'. There are: ${KEY_SCOPES.join(', ')}.`);
}

function describeKey(key: KeyRecord): string {
  const state =
    key.revokedAtMs !== undefined
      ? `revoked ${dateOf(key.revokedAtMs)}`
      : key.expiresAtMs !== undefined
        ? `expires ${dateOf(key.expiresAtMs)}`
        : 'active';
  const models = key.allowedModels ? `models ${key.allowedModels.join(',')}` : 'all models';
  return [
    key.id,
    `${key.prefix}…`,
    key.name,
    key.scopes.join(','),
    models,
    key.plan || 'no plan',
    state,
  ].join('  ');
}

function dateOf(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}
