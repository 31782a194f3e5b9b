/**
 * Shows a status that changes: on a terminal one block that is drawn anew in its place, elsewhere plain
 * lines, few enough to be kept in a log. Lines of text go above the block and stay.
 */
import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import type { Output } from './place.ts';
import type { StatusView } from './live-view.ts';
import { renderStatus, shardLines, statusLine } from './live-view.ts';

const LINE_EVERY_MS = 2_000;
/** A line even when nothing changed, as a sign of life. */
const QUIET_LINE_EVERY_MS = 10_000;
const WIDTH_MAX = 120;

export interface LiveDisplay {
  show(view: StatusView): void;
  /** A line that stays. */
  line(text: string): void;
  /** Leaves the last picture standing. */
  end(): void;
}

/** The display for an output: none at all when `quiet`. */
export function liveDisplay(output: Output, quiet = false): LiveDisplay {
  if (quiet) return { show: () => undefined, line: () => undefined, end: () => undefined };
  return output.stream === null ? new LineDisplay(output) : new BlockDisplay(output.stream);
}

class LineDisplay implements LiveDisplay {
  readonly #output: Output;
  #lastMs = Number.NEGATIVE_INFINITY;
  #last = '';
  /** Beside the newest numbers, and the last line that was written. */
  #note = '';
  #said = '';
  /** What was last said of each shard: one without work and without news is not worth a line. */
  readonly #shards = new Map<string, string>();
  /** Lines before the first status, which may have named the Web UI already; null after it. */
  #opening: string[] | null = [];

  constructor(output: Output) {
    this.#output = output;
  }

  show(view: StatusView): void {
    const { atMs, status } = view.now;
    this.#takeNote(view.note ?? '');
    const mark = JSON.stringify([status.state, status.totals]);
    const due = mark === this.#last ? QUIET_LINE_EVERY_MS : LINE_EVERY_MS;
    if (atMs - this.#lastMs < due) return;
    this.#lastMs = atMs;
    this.#last = mark;
    this.#nameWebUi(view);
    this.line(statusLine(view));
    for (const [name, { text, figures, hasWork }] of shardLines(view)) {
      const isNews = figures !== (this.#shards.get(name) ?? '');
      if (hasWork || isNews) this.line(text);
      this.#shards.set(name, figures);
    }
  }

  /** At once, whatever the numbers do: where there is no news of those, this may be why. */
  #takeNote(note: string): void {
    if (note !== '' && note !== this.#note && note !== this.#said) this.line(`! ${note}`);
    this.#note = note;
  }

  line(text: string): void {
    this.#said = text;
    this.#opening?.push(text);
    this.#output.write(`${text}\n`);
  }

  #nameWebUi({ uiUrl }: StatusView): void {
    const opening = this.#opening;
    this.#opening = null;
    if (uiUrl === null || opening?.some((text) => text.includes(uiUrl)) !== false) return;
    this.line(`Web UI ${uiUrl}`);
  }

  end(): void {
    this.#last = '';
  }
}

class BlockDisplay implements LiveDisplay {
  readonly #stream: NodeJS.WriteStream;
  #block: readonly string[] = [];

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(view: StatusView): void {
    const width = Math.min(this.#stream.columns - 1, WIDTH_MAX);
    // A block taller than the terminal could not be drawn over: its end is cut off.
    const lines = renderStatus(view, width).slice(0, Math.max(1, this.#stream.rows - 2));
    if (lines.length === this.#block.length && lines.every((line, i) => line === this.#block[i])) {
      return;
    }
    this.#rub();
    this.#draw(lines);
  }

  line(text: string): void {
    const block = this.#block;
    this.#rub();
    this.#stream.write(`${text}\n`);
    this.#draw(block);
  }

  end(): void {
    this.#block = [];
  }

  #rub(): void {
    if (this.#block.length === 0) return;
    // A line wider than the terminal stands on several of its rows.
    const rows = this.#block.map((line) =>
      Math.max(1, Math.ceil(line.length / this.#stream.columns)),
    );
    moveCursor(this.#stream, 0, -rows.reduce((sum, count) => sum + count, 0));
    cursorTo(this.#stream, 0);
    clearScreenDown(this.#stream);
    this.#block = [];
  }

  #draw(lines: readonly string[]): void {
    if (lines.length > 0) this.#stream.write(`${lines.join('\n')}\n`);
    this.#block = lines;
  }
}
