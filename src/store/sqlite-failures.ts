import type { FailureKind } from './database.ts';
import { codeOf } from './driver-code.ts';
import { StoreUnusableError } from './store-unusable-error.ts';

export function isLocked(error: unknown): boolean {
  const code = codeOf(error);
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED');
}

const REFUSALS = ['SQLITE_CONSTRAINT', 'SQLITE_MISMATCH', 'SQLITE_TOOBIG', 'SQLITE_RANGE', 'SQLITE_ERROR'];

export function failureOf(error: unknown): FailureKind {
  const code = codeOf(error);
  if (code === 'SQLITE_CONSTRAINT_PRIMARYKEY' || code === 'SQLITE_CONSTRAINT_UNIQUE') return 'duplicate';
  const isOurs = !code.startsWith('SQLITE_') || REFUSALS.some((prefix) => code.startsWith(prefix));
  return isOurs ? 'refused' : 'away';
}

export function unusable(error: unknown, path: string): unknown {
  if (error instanceof StoreUnusableError) return error;
  const code = codeOf(error);
  if (code.startsWith('SQLITE_NOTADB')) {
    return new StoreUnusableError('not_a_database', `${path} is not a SQLite database`, error);
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return new StoreUnusableError('corrupt', corruptMessage(path), error);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreUnusableError('unreachable', `cannot open the database ${path}: ${reason}`, error);
}

export function corruptMessage(path: string): string {
  return `${path} is corrupt; restore a backup, or move it away to start afresh`;
}
