/**
 * Finds the first sum in a prompt and works it out: digits, `+ - * / ^ %`, brackets, also `×` and `÷`.
 *
 * @returns undefined when there is none, or its value is not a finite number.
 */
export function solveArithmetic(prompt: string): { expression: string; value: number } | undefined {
  const found = /[-(]{0,4}\d[\d\s.,()+\-*/×÷^%]{1,120}/.exec(prompt.slice(0, 4_000))?.[0];
  const expression = found
    ?.replaceAll(',', '')
    .replace(/[^\d)]+$/, '')
    .trim();
  if (expression === undefined || !/\d\s*[-+*/×÷^%]/.test(expression)) return undefined;
  const value = evaluate(expression.replaceAll('×', '*').replaceAll('÷', '/').replaceAll(/\s/g, ''));
  return value === undefined || !Number.isFinite(value)
    ? undefined
    : { expression, value: Math.round(value * 1e6) / 1e6 };
}

const OPERATORS: Readonly<Record<string, { rank: number; apply: (left: number, right: number) => number }>> =
  {
    '+': { rank: 1, apply: (left, right) => left + right },
    '-': { rank: 1, apply: (left, right) => left - right },
    '*': { rank: 2, apply: (left, right) => left * right },
    '/': { rank: 2, apply: (left, right) => left / right },
    '%': { rank: 2, apply: (left, right) => left % right },
    '^': { rank: 3, apply: (left, right) => left ** right },
  };

/** Precedence climbing; undefined for what is no expression. Depth is bounded by the 120 characters read. */
function evaluate(text: string): number | undefined {
  let position = 0;

  function operand(): number {
    if (text[position] === '-') {
      position += 1;
      return -operand();
    }
    if (text[position] === '(') {
      position += 1;
      const value = expression(1);
      if (text[position] !== ')') return Number.NaN;
      position += 1;
      return value;
    }
    const digits = /^\d+(\.\d+)?/.exec(text.slice(position))?.[0] ?? '';
    position += digits.length;
    return digits === '' ? Number.NaN : Number(digits);
  }

  function expression(leastRank: number): number {
    let left = operand();
    for (;;) {
      const operator = OPERATORS[text[position] ?? ''];
      if (operator === undefined || operator.rank < leastRank) return left;
      position += 1;
      left = operator.apply(left, expression(operator.rank + 1));
    }
  }

  const value = expression(1);
  return position === text.length && !Number.isNaN(value) ? value : undefined;
}
