/** The schema with a table that no migration makes: what the drift test must notice. */
import { sqliteTable, text } from 'drizzle-orm/sqlite-core';

export * from '../../src/store/sqlite-schema.ts';
export const forgotten = sqliteTable('forgotten', { id: text('id').primaryKey() });
