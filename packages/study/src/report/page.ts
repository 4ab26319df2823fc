import { escapeHtml } from './html.js';
import { PAGE_SCRIPT } from './page-script.js';
import { PAGE_STYLE } from './page-style.js';

// The page loads nothing; the browser enforces it.
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/** One section of a page. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** HTML. */
  readonly body: string;
}

/** A headline figure at the top of a page. */
export interface Tile {
  readonly value: string;
  readonly label: string;
}

/** Content of a page, in a report or in `tersor ui`. */
export interface PageContent {
  readonly title: string;
  readonly lead: string;
  readonly tiles: readonly Tile[];
  readonly sections: readonly Section[];
}

/** Heading, tiles and sections of a page, as HTML. */
export function pageBody({ title, lead, tiles, sections }: PageContent): string {
  const links = sections.map((section) => `<a href="#${section.id}">${escapeHtml(section.title)}</a>`);
  return `<header><h1>${escapeHtml(title)}</h1><p class="muted">${escapeHtml(lead)}</p>
<ul class="tiles">${tiles.map(({ value, label }) => `<li><b>${escapeHtml(value)}</b>${escapeHtml(label)}</li>`).join('')}</ul>
<nav aria-label="Sections">${links.join(' ')}</nav></header>
<main>
${sections.map(({ id, title: heading, body }) => `<section aria-labelledby="${id}"><h2 id="${id}">${escapeHtml(heading)}</h2>\n${body}\n</section>`).join('\n')}
</main>`;
}

/** A report as one self-contained HTML file. */
export function page(content: PageContent): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<link rel="icon" href="data:,">
<title>${escapeHtml(content.title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
${pageBody(content)}
<div id="tip" role="status" hidden></div>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}
