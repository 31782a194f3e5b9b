/**
 * HTML that can't be broken into: what goes into a template is escaped unless it is HTML already. A
 * report is made from feeds, owners' words and agents' results, and none of them may write the page.
 */

/** Text that is HTML already. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlPart = string | number | Html | readonly HtmlPart[] | null;

/** A template whose values are escaped; lists are joined, and null is nothing. */
export function html(texts: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(texts.map((text, i) => text + render(parts[i] ?? null)).join(''));
}

function render(part: HtmlPart): string {
  if (part === null) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  return part.map(render).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}

/** A column: its heading, and what stands in it. Numbers stand to the right. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => HtmlPart;
  readonly isNumber?: boolean;
}

/** A table that scrolls sideways on a narrow screen; one sentence where there are no rows. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  whenEmpty: string,
): Html {
  if (rows.length === 0) return html`<p class="none">${whenEmpty}</p>`;
  const kind = (column: Column<Row>): Html =>
    new Html(column.isNumber === true ? ' class="n"' : '');
  const heads = columns.map((column) => html`<th scope="col" ${kind(column)}>${column.head}</th>`);
  const cells = (row: Row): Html[] =>
    columns.map((column) => html`<td${kind(column)}>${column.cell(row)}</td>`);
  return html`<div class="scroll" tabindex="0">
    <table>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${cells(row)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A section with its heading and one sentence that says what it shows. */
export function section(id: string, heading: string, lead: HtmlPart, body: HtmlPart): Html {
  return html`<section id="${id}">
    <h2>${heading}</h2>
    <p class="lead">${lead}</p>
    ${body}
  </section> `;
}

/** A whole file, with `style` as its CSS. It may load nothing, from anywhere, and runs no script. */
export function htmlFile(title: string, style: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <title>${title}</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.text;
}
