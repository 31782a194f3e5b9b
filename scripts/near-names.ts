/** What somebody who mistyped a name may have meant. */

/**
 * The names that begin with `typed`, that it begins with, or that are one slip away: a letter more,
 * less or other, or two neighbours swapped.
 */
export function nearNames(names: readonly string[], typed: string): string[] {
  return names.filter(
    (name) => name.startsWith(typed) || typed.startsWith(name) || isOneSlipAway(name, typed),
  );
}

function isOneSlipAway(name: string, typed: string): boolean {
  const [long, short] = name.length >= typed.length ? [name, typed] : [typed, name];
  if (short.length < 2 || long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && long[at] === short[at]) at += 1;
  if (long.length > short.length) return long.slice(at + 1) === short.slice(at);
  const isSwap = long[at] === short[at + 1] && long[at + 1] === short[at];
  return long.slice(at + (isSwap ? 2 : 1)) === short.slice(at + (isSwap ? 2 : 1));
}
