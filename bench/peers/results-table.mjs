// Where a queue on PostgreSQL keeps no result of each job, the handler keeps it: a table in the same database,
// written in one statement a batch, which is the way that PostgreSQL's own manual has for many rows.

const CREATE = 'create table if not exists results (id text primary key, result text not null)';
/** An outcome that a second try brings again changes nothing. */
const INSERT =
  'insert into results select * from unnest($1::text[], $2::text[]) on conflict do nothing';
const READ_ROWS = 10_000;

/** @param {import('pg').Pool} pool */
export async function resultsTable(pool) {
  await pool.query(CREATE);
  /** @param {readonly { id: string, result: string }[]} rows */
  const write = async (rows) => {
    await pool.query(INSERT, [rows.map(({ id }) => id), rows.map(({ result }) => result)]);
  };
  /** What waits for the statement under way. @type {{ id: string, result: string, resolve: () => void, reject: (e: unknown) => void }[]} */
  let waiting = [];
  let isWriting = false;
  const flush = async () => {
    isWriting = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await write(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isWriting = false;
  };
  return {
    write,
    /** Resolves when the row is committed, together with those that came while the statement before was under way. */
    writeGathered: (id, result) =>
      new Promise((resolve, reject) => {
        waiting.push({ id, result, resolve: () => resolve(undefined), reject });
        if (!isWriting) void flush();
      }),
    read: async function* () {
      for (let last = ''; ;) {
        const { rows } = await pool.query(
          'select id, result from results where id > $1 order by id limit $2',
          [last, READ_ROWS],
        );
        yield* rows;
        if (rows.length < READ_ROWS) return;
        last = rows.at(-1).id;
      }
    },
  };
}
