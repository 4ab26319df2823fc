// What a program wrote to a terminal, as a page: bold, dim and the eight colours.
const COLOURS = ['#3b4048', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#dcdfe4'];

/** A page with the text in a terminal's font and colours, so many columns wide. */
export function terminalPage(text, columns) {
  return `<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #16181d; color: #dcdfe4; }
pre { margin: 0; padding: 16px; font: 13px/1.4 'DejaVu Sans Mono', monospace;
  width: ${columns}ch; white-space: pre-wrap; overflow-wrap: anywhere; }
</style><pre>${spans(asLeft(text))}</pre>`;
}

/** What is left on the screen: a bar is drawn over and over at the beginning of its line. */
function asLeft(text) {
  return text
    .replaceAll('\r', '')
    .split('\n')
    .map((line) =>
      line.slice(Math.max(0, ...[...line.matchAll(/\u001b\[(1G|2K)/g)].map(({ index }) => index))),
    )
    .join('\n');
}

function spans(text) {
  let style = {};
  return text
    .split(/(\u001b\[[0-9;?]*[A-Za-z]|\u001b[78])/)
    .map((part) => {
      const codes = /^\u001b\[([0-9;]*)m$/.exec(part);
      if (codes) for (const code of codes[1].split(';').map(Number)) style = styled(style, code);
      if (part.startsWith('\u001b')) return '';
      const css = Object.entries(style)
        .map(([name, value]) => `${name}:${value}`)
        .join(';');
      const safe = part.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
      return css ? `<span style="${css}">${safe}</span>` : safe;
    })
    .join('');
}

function styled(style, code) {
  if (code === 0) return {};
  if (code === 1) return { ...style, 'font-weight': 'bold' };
  if (code === 2) return { ...style, opacity: 0.6 };
  if (code === 22) return without(style, ['font-weight', 'opacity']);
  if (code === 39) return without(style, ['color']);
  if (code >= 30 && code <= 37) return { ...style, color: COLOURS[code - 30] };
  return style;
}

function without(style, names) {
  return Object.fromEntries(Object.entries(style).filter(([name]) => !names.includes(name)));
}
