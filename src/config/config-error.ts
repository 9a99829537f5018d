import { printable } from './printable.ts';

export interface Mistake {
  /** Where it is, as the file spells it: `api.models."llama-3.3-70b".type`; `''` for the file as a whole. */
  readonly path: string;
  /** 1-based; absent for mistakes that stand on no line, such as a missing file. */
  readonly line?: number;
  readonly message: string;
}

/** Everything wrong with a configuration, not only the first thing. The process exits 78 (EX_CONFIG) on it. */
export class ConfigError extends Error {
  readonly mistakes: readonly Mistake[];

  constructor(file: string, mistakes: readonly Mistake[]) {
    const lines = mistakes.map((mistake) => `  ${describeMistake(mistake)}`);
    const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
    super(`${file}: ${count}\n${lines.join('\n')}`);
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}

function describeMistake({ path, line, message }: Mistake): string {
  const place = [line === undefined ? '' : `line ${line}`, path].filter((part) => part !== '').join(', ');
  return printable(place === '' ? message : `${place}: ${message}`);
}
