import { randomUUID } from 'node:crypto';
import { and, asc, eq, gt, inArray, isNull, or } from 'drizzle-orm';
import {
  KEY_SCOPES,
  type KeyPage,
  type KeyRecord,
  type KeyScope,
  type KeySettings,
  type NewKey,
} from './contract.ts';
import { ask, type Database, type Queryable, type Tables } from './database.ts';
import { generateKey, generateSecret, hashKey, prefixOfKey } from './key-hash.ts';

const SECRET_NAME = 'key_secret';

/** The secret of this installation: made by whoever asks first, the same for all who ask after. */
export function keySecretOf(database: Database): Promise<string> {
  return database.transact(function* ({ db, tables: { settings } }) {
    const secret = { name: SECRET_NAME, value: generateSecret() };
    yield* ask(db.insert(settings).values(secret).onConflictDoNothing());
    const [kept] = yield* ask(db.select().from(settings).where(eq(settings.name, SECRET_NAME)));
    return kept?.value ?? secret.value;
  });
}

export async function createKey(
  database: Database,
  { key, secret, createdAtMs }: { key: NewKey; secret: string; createdAtMs: number },
): Promise<{ key: string; record: KeyRecord }> {
  const secretKey = generateKey();
  const record: KeyRecord = {
    id: `key_${randomUUID().replaceAll('-', '').slice(0, 16)}`,
    name: key.name,
    prefix: prefixOfKey(secretKey),
    scopes: key.scopes,
    allowedModels: key.allowedModels,
    allowedProviders: key.allowedProviders,
    allowedAddresses: key.allowedAddresses,
    plan: key.plan ?? '',
    requestsPerMinute: key.requestsPerMinute,
    tokensPerMinute: key.tokensPerMinute,
    budgetMicroUsdPerDay: key.budgetMicroUsdPerDay,
    budgetMicroUsdPerMonth: key.budgetMicroUsdPerMonth,
    onExhausted: key.onExhausted ?? 'stop',
    holdBack: key.holdBack ?? false,
    createdAtMs,
    expiresAtMs: key.expiresAtMs,
    revokedAtMs: undefined,
  };
  const hash = hashKey(secret, secretKey);
  await database.transact(function* ({ db, tables: { keys } }) {
    yield* ask(db.insert(keys).values({ ...record, hash }));
  });
  return { key: secretKey, record };
}

export async function listKeys(
  { db, tables: { keys } }: Queryable,
  page?: KeyPage,
): Promise<readonly KeyRecord[]> {
  const all = db.select().from(keys).orderBy(asc(keys.createdAtMs), asc(keys.id)).$dynamic();
  if (page === undefined) return (await all).map(toKeyRecord);
  const { after, limit } = page;
  const isBehind =
    after &&
    or(
      gt(keys.createdAtMs, after.createdAtMs),
      and(eq(keys.createdAtMs, after.createdAtMs), gt(keys.id, after.id)),
    );
  return (await all.where(isBehind).limit(limit)).map(toKeyRecord);
}

export async function nameKeys(
  { db, tables: { keys } }: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: keys.id, name: keys.name })
    .from(keys)
    .where(inArray(keys.id, [...ids]));
  return new Map(rows.map(({ id, name }) => [id, name]));
}

export async function findKey(
  { db, tables: { keys } }: Queryable,
  id: string,
): Promise<KeyRecord | undefined> {
  const [row] = await db.select().from(keys).where(eq(keys.id, id));
  return row === undefined ? undefined : toKeyRecord(row);
}

export function updateKey(
  database: Database,
  id: string,
  changes: Partial<KeySettings>,
): Promise<KeyRecord | undefined> {
  return database.transact(function* ({ db, tables: { keys } }) {
    const columns = Object.fromEntries(
      Object.entries(changes).map(([name, value]) => [name, value === undefined ? null : value]),
    );
    const isActive = and(eq(keys.id, id), isNull(keys.revokedAtMs));
    const [row] = yield* ask(db.update(keys).set(columns).where(isActive).returning());
    return row === undefined ? undefined : toKeyRecord(row);
  });
}

export async function findKeyByHash(
  { db, tables: { keys } }: Queryable,
  hash: string,
): Promise<KeyRecord | undefined> {
  const [row] = await db.select().from(keys).where(eq(keys.hash, hash));
  return row === undefined ? undefined : toKeyRecord(row);
}

export function revokeKey(database: Database, id: string, revokedAtMs: number): Promise<boolean> {
  return database.transact(function* ({ db, tables: { keys } }) {
    const isActive = and(eq(keys.id, id), isNull(keys.revokedAtMs));
    const revoked = yield* ask(
      db.update(keys).set({ revokedAtMs }).where(isActive).returning({ id: keys.id }),
    );
    return revoked.length > 0;
  });
}

export async function hasKeys({ db, tables: { keys } }: Queryable): Promise<boolean> {
  const rows = await db.select({ id: keys.id }).from(keys).limit(1);
  return rows.length > 0;
}

function toKeyRecord(row: Tables['keys']['$inferSelect']): KeyRecord {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes.filter(isScope),
    allowedModels: row.allowedModels ?? undefined,
    allowedProviders: row.allowedProviders ?? undefined,
    allowedAddresses: row.allowedAddresses ?? undefined,
    plan: row.plan,
    requestsPerMinute: row.requestsPerMinute ?? undefined,
    tokensPerMinute: row.tokensPerMinute ?? undefined,
    budgetMicroUsdPerDay: row.budgetMicroUsdPerDay ?? undefined,
    budgetMicroUsdPerMonth: row.budgetMicroUsdPerMonth ?? undefined,
    // A word that a later version wrote: refusing is what costs nothing.
    onExhausted: row.onExhausted === 'downgrade' ? 'downgrade' : 'stop',
    holdBack: row.holdBack,
    createdAtMs: row.createdAtMs,
    expiresAtMs: row.expiresAtMs ?? undefined,
    revokedAtMs: row.revokedAtMs ?? undefined,
  };
}

function isScope(text: string): text is KeyScope {
  return KEY_SCOPES.some((scope) => scope === text);
}
