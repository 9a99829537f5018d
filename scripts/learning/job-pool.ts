import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunMeasures } from './measure.ts';
import type { Job, TableSource } from './run-job.ts';

const WORKER = fileURLToPath(new URL('./job-worker.ts', import.meta.url));

/** What a worker says back. */
export type WorkerAnswer =
  | { readonly index: number; readonly measures: RunMeasures }
  | { readonly index: number; readonly error: string };

/**
 * Plays jobs in child processes, each with a table of its own. Resolves with their measures in the order of the jobs.
 *
 * @param onDone called after each job
 * @throws Error with the first failure; the other processes are then stopped.
 */
export async function runJobs(
  source: TableSource,
  jobs: readonly Job[],
  processes: number,
  onDone: () => void,
): Promise<RunMeasures[]> {
  const results = new Array<RunMeasures>(jobs.length);
  let next = 0;
  const workers = Array.from({ length: Math.min(processes, jobs.length) }, () =>
    fork(WORKER, [JSON.stringify(source)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
  try {
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            const give = () => {
              if (next >= jobs.length) {
                worker.disconnect();
                resolve();
                return;
              }
              worker.send({ index: next, job: jobs[next] });
              next += 1;
            };
            worker.on('message', (answer: WorkerAnswer) => {
              if ('error' in answer) {
                reject(new Error(answer.error));
                return;
              }
              results[answer.index] = answer.measures;
              onDone();
              give();
            });
            worker.on('error', reject);
            worker.on('exit', (code) => {
              if (code !== 0) reject(new Error(`a replay process ended with ${code}`));
            });
            give();
          }),
      ),
    );
  } finally {
    for (const worker of workers) if (worker.connected) worker.kill();
  }
  return results;
}
