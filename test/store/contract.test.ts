import { beliefsContract } from './contract/beliefs.ts';
import { evaluationsContract } from './contract/evaluations.ts';
import { evidenceContract } from './contract/evidence.ts';
import { historyContract } from './contract/history.ts';
import { journalContract } from './contract/journal.ts';
import { keysContract } from './contract/keys.ts';
import { processStateContract } from './contract/process-state.ts';
import { recoveryContract } from './contract/recovery.ts';
import { describeEachDatabase } from './each-database.ts';

describeEachDatabase('journal', journalContract);
describeEachDatabase('evidence', evidenceContract);
describeEachDatabase('beliefs', beliefsContract);
describeEachDatabase('evaluations', evaluationsContract);
describeEachDatabase('history', historyContract);
describeEachDatabase('recovery', recoveryContract);
describeEachDatabase('keys', keysContract);
describeEachDatabase('state of a process', processStateContract);
