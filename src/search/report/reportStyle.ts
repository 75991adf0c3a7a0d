/** The look of a family's report: that of the app, in light and dark, from a disk and on paper. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --paper: #f7f7f5; --card: #ffffff; --line: #dedfdc; --ink: #17191c; --soft: #5a5f66;
  --accent: #0f6b60; --second: #8a4b00; --wash: #e3f1ee;
  font: 15px/1.5 Inter, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif;
  font-variant-numeric: tabular-nums;
  -webkit-text-size-adjust: 100%;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #131417; --card: #1b1d21; --line: #2c2f35; --ink: #f1f1ee; --soft: #a5aab2;
    --accent: #5cc4b5; --second: #f0b35c; --wash: #16302c;
  }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 70rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink) }
h1 { font-size: 1.6rem; line-height: 1.2; letter-spacing: -.01em; margin: 0 }
h2 { font-size: 1.05rem; margin: 3rem 0 .25rem }
h3 { font-size: 1rem; margin: 0 }
p { margin: .35rem 0; max-width: 46rem }
.soft, .note { color: var(--soft) }
.note { font-size: .87rem; margin-bottom: 1rem }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(19.5rem, 100%), 1fr)) }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.1rem; min-width: 0 }
.figures { display: grid; grid-template-columns: repeat(4, auto); justify-content: space-between; gap: .25rem .8rem; margin: .7rem 0 .8rem }
.figures div { min-width: 0 }
.figures dt { color: var(--soft); font-size: .78rem }
.figures dd { margin: 0; font-size: 1.1rem; letter-spacing: -.01em; white-space: nowrap }
.figures small { color: var(--soft); font-size: .78rem; letter-spacing: 0 } .figures small.was { display: block; line-height: 1.2 }
.stages { display: flex; flex-wrap: wrap; gap: .3rem .75rem; margin: 0 0 .6rem }
.stage { display: inline-flex; align-items: center; gap: 3px; font-size: .74rem; color: var(--soft) }
.stage span { margin-right: 2px }
.stage i { width: 11px; height: 11px; border-radius: 2.5px; background: var(--soft) }
.stage i.a { background: var(--accent) }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .8rem; color: var(--soft); margin: .5rem 0 0; padding: 0; list-style: none }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 2.5px; margin-right: .4em; vertical-align: -1px; background: var(--soft) }
.legend .accent { background: var(--accent) } .legend .second { background: var(--second) }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px }
table { border-collapse: collapse; width: 100%; font-size: .87rem; white-space: nowrap }
th { font-weight: 500; color: var(--soft); text-align: right; vertical-align: bottom }
td { text-align: right }
th, td { padding: .5rem .8rem; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child { text-align: left; padding-left: 1.1rem }
tr:last-child td { border-bottom: 0 }
td.text, th.text { text-align: left }
code { font: .95em ui-monospace, 'SF Mono', Menlo, Consolas, monospace }
.plot { display: block; width: 100%; height: auto; margin-top: .6rem }
.plot text { fill: var(--soft); font-size: 11.5px }
.plot .label { fill: var(--ink); font-weight: 600; font-size: 12px; paint-order: stroke; stroke: var(--card); stroke-width: 3px; stroke-linejoin: round }
.plot .grid { stroke: var(--line); fill: none } .plot .axis { stroke: var(--soft); stroke-width: .8; fill: none }
.line { fill: none; stroke: var(--soft); stroke-width: 1.6; stroke-linejoin: round }
.dot { fill: var(--soft) }
.line.front, .line.accent { stroke: var(--accent) } .line.second { stroke: var(--second) } .line.third { stroke: var(--soft); stroke-dasharray: 4 3 }
.dot.measured { fill: var(--soft); opacity: .45 } .dot.front { fill: var(--accent) }
.dot.named { fill: var(--accent); stroke: var(--card); stroke-width: 1.5; r: 5px }
.samples th, .samples td { border: 0; padding: .3rem } .samples th { text-align: left; padding-left: 1.1rem; padding-right: .9rem; color: var(--ink); vertical-align: middle; position: sticky; left: 0; background: var(--card) }
.samples tr:first-child > * { padding-top: .9rem } .samples tr:last-child > * { padding-bottom: .9rem }
.samples small { display: block; color: var(--soft); font-weight: 400 }
.samples img { display: block; width: 90px; height: 90px; border-radius: 4px; background: var(--line) }
.facts { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .3rem 1.4rem; font-size: .87rem; margin: .6rem 0 0 }
.facts dt { color: var(--soft) } .facts dd { margin: 0; overflow-wrap: anywhere }
@media (max-width: 40rem) { body { padding-top: 1.5rem } .samples img { width: 72px; height: 72px } .samples th:first-child { white-space: normal; padding-left: .8rem; font-size: .8rem; min-width: 6.4rem } .samples small { font-size: .68rem } .facts { grid-template-columns: 1fr; gap: 0 } .facts dd { margin-bottom: .5rem } }
@media print { body { max-width: none } .card, .scroll { break-inside: avoid } }
`;
