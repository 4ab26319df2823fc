/**
 * Style sheet of a report: one column, light and dark mode, readable on a phone and in print. Figures are
 * laid out when they come into sight: a study of ten thousand trials has 60,000 nodes in its page.
 */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1d21; --muted: #5c626b; --line: #b6bbc4; --grid: #e6e8ec; --soft: #f4f5f7; --accent: #0b5cad; --bad: #b3261e;
  --c0: #0b5cad; --c1: #b35900; --c2: #1a7f4b; --c3: #9b2c8f; --c4: #6b6f00; --c5: #b3261e; --c6: #00798c; --c7: #5c4ac7; }
@media (prefers-color-scheme: dark) { :root { --paper: #15171a; --ink: #e8eaed; --muted: #a3a9b3; --line: #565c66; --grid: #2a2e34; --soft: #1e2125; --accent: #7ab8ff; --bad: #ff8a80;
  --c0: #7ab8ff; --c1: #ffb066; --c2: #6fd39b; --c3: #e59adb; --c4: #d6d35c; --c5: #ff8a80; --c6: #5fd0e0; --c7: #b3a6ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1280px; padding: 1.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .6rem; padding-top: .6rem; border-top: 1px solid var(--grid); } h3 { font-size: 1rem; margin: 0; }
p { margin: .3rem 0 .8rem; max-width: 46rem; } .muted, figcaption p { color: var(--muted); } .bad { color: var(--bad); }
a { color: var(--accent); } nav a { margin-right: 1rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .75rem; margin: 1rem 0; padding: 0; list-style: none; }
.tiles li { background: var(--soft); border-radius: 8px; padding: .7rem .9rem; color: var(--muted); font-size: .85rem; } .tiles b { display: block; color: var(--ink); font-size: 1.45rem; line-height: 1.25; }
figure { margin: 1.6rem -4px; padding: 0 4px; content-visibility: auto; contain-intrinsic-size: auto 700px; } figcaption p { font-size: .875rem; margin-bottom: .5rem; }
.plot { max-width: 900px; } .plot svg { display: block; width: 100%; height: auto; font-family: inherit; } .plot.narrow { display: none; }
@media (max-width: 599px) { .plot.narrow { display: block; } .plot.wide { display: none; } body { padding: 1rem .9rem 3rem; } }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; } .chosen { stroke: var(--ink); stroke-width: 2px; vector-effect: non-scaling-stroke; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .875rem; min-width: 100%; font-variant-numeric: tabular-nums; } caption { text-align: left; color: var(--muted); padding: .3rem 0; }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--grid); vertical-align: top; font-weight: normal; } thead th { font-weight: 600; vertical-align: bottom; } th[scope=row] { min-width: 5.5rem; max-width: 18rem; } .number { text-align: right; }
th button { all: unset; cursor: pointer; font: inherit; } th button:focus-visible { outline: 2px solid var(--accent); } th[aria-sort] button::after { content: " \\2191"; } th[aria-sort=descending] button::after { content: " \\2193"; }
summary { cursor: pointer; color: var(--accent); font-size: .875rem; padding: .25rem 0; } pre { background: var(--soft); padding: .8rem; border-radius: 8px; overflow-x: auto; font-size: .8125rem; }
#tip { position: absolute; z-index: 2; max-width: 17rem; background: var(--ink); color: var(--paper); padding: .4rem .6rem; border-radius: 6px; font-size: .8125rem; white-space: pre-line; pointer-events: none; }
@media print { figure { content-visibility: visible; } details > *, .scroll { overflow: visible; } }
`;
