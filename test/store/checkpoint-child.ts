/** Makes one checkpoint of a database by `startCheckpoints`, and ends. */
import SqliteDatabase from 'better-sqlite3';
import { startCheckpoints } from '../../src/store/checkpoints.ts';

const path = process.argv[2] ?? '';
const client = new SqliteDatabase(path);
client.pragma('journal_mode = WAL');
client.exec('create table if not exists rows (n integer)');
const checkpoints = startCheckpoints(client, path);
const insert = client.prepare('insert into rows values (?)');
client.transaction(() => {
  for (let n = 0; n < 32_000; n += 1) insert.run(n);
})();
checkpoints.committed();
await checkpoints.end();
client.close();
