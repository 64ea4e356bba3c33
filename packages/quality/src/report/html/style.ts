/** Of the page: no fonts, images or scripts from elsewhere, light and dark, narrow and wide, on paper. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #fdfdfc; --ink: #1c1e21; --soft: #5c6168; --line: #dfe1e4; --rail: #e9ebed; --field: #f5f6f7; --mark: #fde7e4;
  --bad: #b3261e; --warning: #8a5800; --info: #1d5ea8; --good: #1b6e3d; --data: #4a6fa5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181b; --ink: #e7e9ec; --soft: #a2a8b0; --line: #33373c; --rail: #2a2e33; --field: #1e2125; --mark: #4a2320;
    --bad: #ff8a80; --warning: #e8b04a; --info: #82b4f5; --good: #6fce93; --data: #86a9dc;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
main, header, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.5rem; }
h1 { margin: 0; font-size: 1.05rem; font-weight: 600; color: var(--soft); overflow-wrap: anywhere; }
.verdict { margin: .1rem 0 0; font-size: 2.1rem; line-height: 1.2; font-weight: 650; letter-spacing: -.015em; }
.verdict.failed { color: var(--bad); } .verdict.ok { color: var(--good); } .verdict.warning { color: var(--warning); }
.summary { margin: .35rem 0 0; font-size: 1.05rem; }
.numbers { display: flex; flex-wrap: wrap; gap: .75rem 2.5rem; margin: 1.5rem 0 0; padding: 1rem 0; border: solid var(--line); border-width: 1px 0; }
.numbers dt { color: var(--soft); font-size: .82rem; } .numbers dd { margin: 0; font-size: 1.35rem; font-weight: 600; line-height: 1.25; }
.numbers .bad { color: var(--bad); } .numbers .warning { color: var(--warning); }
h2 { margin: 2.4rem 0 .6rem; font-size: 1.25rem; letter-spacing: -.01em; }
h2 small { color: var(--soft); font-weight: 400; font-size: .9rem; letter-spacing: 0; }
h3 { margin: 1.5rem 0 .3rem; font-size: .95rem; font-weight: 650; overflow-wrap: anywhere; }
h3 code { font-size: 1.02em; } h3 small { font-weight: 400; color: var(--soft); }
code { font: .875em/1.45 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; unicode-bidi: isolate; overflow-wrap: anywhere; }
.filter { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.25rem; margin: 1.5rem 0 0; }
.filter[hidden] { display: none; }
.filter input[type=search] { flex: 1 1 16rem; min-width: 0; padding: .45rem .7rem; border: 1px solid var(--soft); border-radius: 5px; background: var(--page); color: inherit; font: inherit; }
.filter label { display: inline-flex; gap: .35rem; align-items: center; }
.filter output { color: var(--soft); font-size: .875rem; }
:focus-visible { outline: 2px solid var(--info); outline-offset: 2px; }
.rule { border-top: 1px solid var(--line); }
.rule[hidden], section[hidden] { display: none; }
.rule > summary, .rule.flat { display: grid; grid-template-columns: 5.2rem minmax(0, 1fr) 9rem; gap: .1rem 1rem; padding: .55rem 0; align-items: baseline; }
.rule > summary { cursor: pointer; list-style: none; } .rule > summary::-webkit-details-marker { display: none; }
.rule > summary .what::before { content: "▸"; display: inline-block; width: 1.1em; margin-left: -1.1em; color: var(--soft); font-size: .8em; }
.rule[open] > summary .what::before { content: "▾"; }
.rule > summary:hover { background: var(--field); }
.what { overflow-wrap: anywhere; font-weight: 550; padding-left: 0; }
.what small { display: block; font-size: .875rem; font-weight: 400; color: var(--soft); }
.found { grid-column: 2; overflow-wrap: anywhere; color: var(--soft); }
.rule.broken .found { color: var(--ink); }
.rule.flat { grid-template-columns: 5.2rem minmax(0, 1fr) minmax(8rem, 18rem); padding: .3rem 0; } .rule.flat .what { font-weight: 400; } .rule.flat .found { grid-column: 3; grid-row: 1; text-align: right; font-size: .875rem; }
.chip { font-size: .78rem; font-weight: 650; white-space: nowrap; } .chip.critical { color: var(--bad); } .chip.warning { color: var(--warning); } .chip.info { color: var(--info); } .chip.ok { color: var(--good); }
.meter { grid-column: 3; grid-row: 1 / span 2; text-align: right; font-size: .82rem; color: var(--soft); }
.share { display: block; width: 100%; height: 8px; margin-top: .35rem; } .rail { fill: var(--rail); } .part { fill: var(--bad); } .tick { fill: var(--ink); } .bar, .histogram rect { fill: var(--data); } .histogram .rail { fill: var(--line); }
.warning .part { fill: var(--warning); } .info .part { fill: var(--info); } .kept .part { fill: var(--soft); }
.more { margin: 0 0 1rem 6.2rem; font-size: .9rem; } .more p { margin: .2rem 0 .5rem; color: var(--soft); } .more p code { color: var(--ink); }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: .875rem; } th, td { padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); } th { color: var(--soft); font-weight: 500; white-space: nowrap; } td.n, th.n { text-align: right; } td code { display: inline-block; max-width: 32rem; } td, th { overflow-wrap: normal; } td code { overflow-wrap: anywhere; } .dim { color: var(--soft); }
.rows td { max-width: 22rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .rows td.broken { background: var(--mark); } .rows td.ids { white-space: normal; min-width: 12rem; } .rows th, .rows td { padding: .3rem .8rem .3rem .4rem; }
details.fold { margin-top: 2.4rem; } details.fold > summary { cursor: pointer; padding: .3rem 0; color: var(--soft); } details.fold > summary h2 { display: inline; color: var(--ink); }
.distributions { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1.5rem 2rem; } .distributions h3 { margin: 0; } .distributions p { margin: .1rem 0 .4rem; font-size: .82rem; color: var(--soft); overflow-wrap: anywhere; } .histogram { display: block; width: 100%; height: 62px; } .axis { display: flex; justify-content: space-between; font-size: .78rem; color: var(--soft); gap: 1rem; }
.ranking { margin: 0; padding: 0; list-style: none; font-size: .82rem; } .ranking li { display: grid; grid-template-columns: minmax(0, 1fr) 5rem auto; gap: .6rem; align-items: center; } .ranking svg { width: 100%; height: 8px; } .label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .count { color: var(--soft); text-align: right; min-width: 3rem; }
.runs { max-width: 100%; height: auto; } .runs .ok { fill: var(--good); } .runs .failed { fill: var(--bad); }
footer { margin-top: 3rem; padding-top: 1rem; padding-bottom: 2.5rem; color: var(--soft); font-size: .82rem; }
@media (max-width: 640px) {
  main, header, footer { padding-left: 1rem; padding-right: 1rem; } header { padding-top: 1.25rem; } .verdict { font-size: 1.7rem; } .numbers { gap: .6rem 1.5rem; }
  .rule > summary, .rule.flat { grid-template-columns: minmax(0, 1fr) 6rem; } .chip { grid-column: 1; grid-row: 1; } .what { grid-column: 1 / -1; } .found, .rule.flat .found { grid-column: 1 / -1; grid-row: auto; text-align: left; } .rule.flat .chip { grid-column: 1 / -1; } .meter { grid-column: 2; grid-row: 1; } .rule > summary .what::before { margin-left: 0; } .more { margin-left: 0; }
}
@media print { body { font-size: 10.5pt; } .filter { display: none !important; } details::details-content { content-visibility: visible; block-size: auto; } .rule { break-inside: avoid; } .rows td { white-space: normal; } }
`;

/** Filters the rules as one types; without scripts the page lacks the filter and nothing else. */
export const script = `
const form = document.querySelector('.filter');
if (form) {
  const rules = [...document.querySelectorAll('.rule')].map((rule) => ({ rule, text: rule.textContent.toLowerCase() }));
  const apply = () => {
    const words = form.elements.words.value.toLowerCase().split(/\\s+/).filter(Boolean);
    const wanted = new Set([...form.querySelectorAll('[name=severity]:checked')].map((box) => box.value));
    let shown = 0;
    for (const { rule, text } of rules) {
      rule.hidden = !wanted.has(rule.dataset.severity) || !words.every((word) => text.includes(word));
      if (!rule.hidden) shown += 1;
    }
    for (const group of document.querySelectorAll('section.column')) group.hidden = !group.querySelector('.rule:not([hidden])');
    form.querySelector('output').textContent = shown === rules.length ? '' : shown + ' of ' + rules.length + ' rules';
    const kept = document.querySelector('details.fold.kept');
    if (kept && words.length > 0) kept.open = true;
  };
  form.addEventListener('input', apply);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.hidden = false;
  apply();
}
`;
