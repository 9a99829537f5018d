import type { WorkerAnswer } from './job-pool.ts';
import { type Job, jobRunner, loadTable, type TableSource } from './run-job.ts';

const source = JSON.parse(process.argv[2] ?? '{}') as TableSource;
const run = jobRunner(loadTable(source));

process.on('message', ({ index, job }: { index: number; job: Job }) => {
  const answer = answerTo(index, job);
  process.send?.(answer);
});

function answerTo(index: number, job: Job): WorkerAnswer {
  try {
    return { index, measures: run(job) };
  } catch (error) {
    return { index, error: error instanceof Error ? error.message : String(error) };
  }
}
