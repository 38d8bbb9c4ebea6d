/** Compares long lists so that a failure names what matters: where they part, and what stands around it. */

const NEIGHBOURS = 3;

/** Null if the lists are equal. */
export function firstDifference(actual: readonly string[], expected: readonly string[]): string | null {
  const length = Math.max(actual.length, expected.length);
  let at = 0;
  while (at < length && actual[at] === expected[at]) at++;
  if (at === length) return null;
  const [is, should] = [around(actual, at), around(expected, at)];
  return [
    `The lists part at index ${at}: ${actual.length} are there, ${expected.length} were expected.`,
    `  there    ${is}`,
    `  expected ${should}`,
    ...whereabouts('expected here', expected[at], 'there', actual),
    ...whereabouts('there', actual[at], 'expected', expected),
  ].join('\n');
}

function around(list: readonly string[], at: number): string {
  const from = Math.max(0, at - NEIGHBOURS);
  const shown = list.slice(from, at + NEIGHBOURS + 1).map((item, index) => (from + index === at ? `»${item}«` : item));
  if (at >= list.length) shown.push('»the end«');
  return shown.join(' ');
}

/** An item in another place says more than one that is missing. */
function whereabouts(what: string, item: string | undefined, where: string, list: readonly string[]): string[] {
  if (item === undefined) return [];
  const count = list.filter((each) => each === item).length;
  if (count === 0) return [`  ${item}, ${what}, is not ${where} at all`];
  return [
    `  ${item}, ${what}, is ${where} ${count === 1 ? 'once' : `${count} times`}, first at index ${list.indexOf(item)}`,
  ];
}
