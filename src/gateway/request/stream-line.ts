import { replacerInEvents } from '../../core/wire/replace-in-events.ts';
import type { StreamSink } from '../../providers/upstream.ts';
import type { ClientLine } from './job.ts';

/** The way of a stream to its client: the head goes out with the first token, or with the whole answer. */
export interface StreamLine extends StreamSink {
  /**
   * True once a byte has gone to the client: from then on no other model can take over. No getter: one in an object
   * literal gives every object a hidden class of its own.
   */
  hasBegun(): boolean;
  /** Hold-back mode keeps everything until here. */
  release(): void;
  /** What a failed attempt left unsent is not sent. */
  discard(): void;
}

export function createStreamLine(options: {
  client: ClientLine;
  holdBack: boolean;
  headers: () => Readonly<Record<string, string>>;
  rename: { readonly from: string; readonly to: string } | undefined;
}): StreamLine {
  const { client, holdBack } = options;
  const renamer = options.rename && replacerInEvents({ member: 'model', ...options.rename });
  let hasBegun = false;
  let held: Buffer[] = [];

  const send = (events: Buffer): boolean => {
    if (!hasBegun) {
      hasBegun = true;
      client.startStream(options.headers());
    }
    return client.write(events);
  };

  return {
    hasBegun: () => hasBegun,
    write(events) {
      const named = renamer ? renamer(events) : events;
      if (!holdBack) return send(named);
      held.push(named);
      return true;
    },
    // While held back nothing asks for a pause.
    onceDrained: (resume) => client.onceDrained(resume),
    release() {
      // Of an answer without a piece nothing has gone out yet: its head has to be there before its last event.
      if (held.length > 0 || !hasBegun) send(Buffer.concat(held));
      held = [];
    },
    discard() {
      held = [];
    },
  };
}
