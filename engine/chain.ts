/**
 * A chain of ways to get a server, tried in order. Every link answers the same two questions, so
 * that `doctor` can ask what each would find without anything being downloaded or built, and both
 * chains (the dev server's and the time-skipping server's) share one walk.
 */

/** Receives one plain line at a time, for a terminal or a log. */
export type Progress = (line: string) => void;

/**
 * What a link sees before it does anything. `refused` is an explicit wish of the operator that
 * can't be met: going on silently to another link would run their work on a server they didn't name.
 */
export type Finding =
  | { readonly state: 'found'; readonly detail: string }
  | { readonly state: 'absent'; readonly why: string }
  | { readonly state: 'refused'; readonly why: string };

/** One way to get a server. `probe` changes nothing; `provide` may download or build, and throws. */
export interface Link<P> {
  readonly name: string;
  probe(): Promise<Finding>;
  provide(progress: Progress): Promise<P>;
}

/** A link's name with what it found, or why it couldn't provide. */
export interface LinkReport {
  readonly name: string;
  readonly finding: Finding;
}

/** The walk's end: the link that was taken and what it gave, or nothing; `said` has every link asked. */
export type Walk<P> =
  | {
      readonly taken: string;
      readonly why: string;
      readonly provision: P;
      readonly said: LinkReport[];
    }
  | { readonly taken: null; readonly said: LinkReport[] };

/**
 * Asks the links in order and takes the first that provides. A link that was found but fails to
 * provide is reported through `progress` and passed over; a `refused` one ends the walk.
 */
export async function walkChain<P>(
  links: readonly Link<P>[],
  progress: Progress,
): Promise<Walk<P>> {
  const said: LinkReport[] = [];
  for (const link of links) {
    const finding = await link.probe();
    said.push({ name: link.name, finding });
    if (finding.state === 'refused') break;
    if (finding.state === 'absent') continue;
    try {
      const provision = await link.provide(progress);
      return { taken: link.name, why: finding.detail, provision, said };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      said[said.length - 1] = { name: link.name, finding: { state: 'absent', why } };
      progress(`${link.name}: ${why}`);
    }
  }
  return { taken: null, said };
}

/** Asks every link what it finds; nothing is provided. */
export async function probeChain(links: readonly Link<unknown>[]): Promise<LinkReport[]> {
  return await Promise.all(
    links.map(async (link) => ({ name: link.name, finding: await link.probe() })),
  );
}
