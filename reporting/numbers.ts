/**
 * Numbers as the report writes them: rounded where they were added up, and in words for people. Always
 * in one language and with one separator, so that the same run gives the same page on every machine.
 */

const DECIMALS = 1e6;

/** To six decimals: sums of prices don't end in `…00000004`. */
export function rounded(value: number): number {
  return Math.round(value * DECIMALS) / DECIMALS;
}

/** A quotient to six decimals; 0 where there is nothing to divide by. */
export function quotient(value: number, by: number): number {
  return by === 0 ? 0 : rounded(value / by);
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** `1,234,567`; with decimals where asked for, trailing zeros left out. */
export function number(value: number, decimals = 0): string {
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split('.') as [string, string?];
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const rest = (fraction ?? '').replace(/0+$/, '');
  return `${value < 0 ? '−' : ''}${grouped}${rest === '' ? '' : `.${rest}`}`;
}

/** `99.4%`. Never 100% or 0% for a share that only comes near. */
export function percent(share: number): string {
  const text = number(share * 100, 2);
  if (share < 1 && text === '100') return 'almost 100%';
  if (share > 0 && text === '0') return 'under 0.01%';
  return `${text}%`;
}

/** `840 ms`, `6.2 s`, `12 min 5 s`, `5 min`, `3 h 20 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${number(ms)} ms`;
  if (ms < 59_950) return `${number(ms / 1_000, 1)} s`;
  const seconds = Math.round(ms / 1_000);
  const two = (big: string, rest: number, unit: string): string =>
    rest === 0 ? big : `${big} ${rest} ${unit}`;
  if (seconds < 3_600) return two(`${Math.floor(seconds / 60)} min`, seconds % 60, 's');
  const minutes = Math.floor((seconds % 3_600) / 60);
  return two(`${number(Math.floor(seconds / 3_600))} h`, minutes, 'min');
}

/** `1 job`, `2,000 jobs`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** Names as people write them: `Edge`. */
export function titled(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
