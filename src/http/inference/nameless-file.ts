import { type FileHandle, mkdtemp, open, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A file to write and read that has no name any more: it is gone when it is closed, and also when the process dies. */
export async function openNamelessFile(folder: string): Promise<FileHandle> {
  const home = await mkdtemp(join(folder, 'outrider-upload-'));
  const path = join(home, 'file');
  try {
    const handle = await open(path, 'wx+', 0o600);
    try {
      await unlink(path);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return handle;
  } finally {
    await rmdir(home).catch(() => undefined);
  }
}
