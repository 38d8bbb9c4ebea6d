/** The report: one page that says for each goal where the product stands, then shows every scenario against its peers. */
import { GOAL_PARTS } from '../harness/goals.ts';
import { barChart } from './bars.ts';
import { CHARTS } from './charts.ts';
import { factsOf, type KeptLine } from './results-file.ts';
import { escaped, shown } from './words.ts';

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1d21;--soft:#667;--line:#dde1e6;--paper:#fff;--product:#0b7a5c;--peer:#aab4c0;--bad:#b3372c}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaee;--soft:#9aa3ad;--line:#30363d;--paper:#14171a;--product:#3ecf9f;--peer:#58636f;--bad:#ff8b80}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:780px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:.2rem}h2{margin-top:2.6rem;font-size:1.15rem}p.facts,small,.notes{color:var(--soft);font-size:.85rem}
figure{margin:1rem 0}figcaption{font-weight:600;margin-bottom:.4rem}figcaption small{font-weight:400}
svg{width:100%;height:auto}svg text{font:13px system-ui,sans-serif;fill:var(--ink);dominant-baseline:central}svg .name{text-anchor:end}
svg text.product{font-weight:700}rect.product{fill:var(--product)}rect.peer{fill:var(--peer)}.whisker{stroke:var(--ink);stroke-width:1.5;opacity:.55}
table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{padding:.35rem .5rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
td.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}.met{color:var(--product);font-weight:600}.missed{color:var(--bad);font-weight:600}.open{color:var(--soft)}
.lead{font-size:1.1rem}`;

export function reportPage(lines: readonly KeptLine[]): string {
  const scale = lines[0]?.scale ?? 'small';
  const delivered = lines.reduce((sum, line) => sum + line.delivered, 0);
  const fewest = Math.min(...lines.map(({ rounds }) => rounds));
  const faults = lines.reduce((sum, { faults: each }) => sum + each.lost + each.duplicated + each.reordered, 0);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Shutterline: how it compares</title><style>${STYLE}</style></head><body>
<h1>Shutterline: how it compares</h1>
<p class="facts">${escaped(factsOf(lines))} · ${scale === 'full' ? 'full scale' : 'small scale: a smoke test, goals are judged at full scale'}</p>
<p class="lead">Every system ran in the same run on the same machine, in turn; bars are medians of at least ${fewest} rounds, whiskers the range.
Of ${delivered.toLocaleString('en')} deliveries that were checked, <strong>${faults === 0 ? 'none was lost, doubled or out of order' : `${faults} were lost, doubled or out of order`}</strong>.</p>
<h2>Goals</h2>${goalTable(lines)}
${lines.map(section).join('\n')}
</body></html>
`;
}

function goalTable(lines: readonly KeptLine[]): string {
  const rows = GOAL_PARTS.map((part) => {
    const verdict = lines.flatMap((line) => line.goals).find((goal) => goal.id === part.id);
    const value = verdict?.value ?? null;
    const [kind, word] =
      value === null
        ? ['open', 'not measured']
        : verdict?.met === true
          ? ['met', 'met']
          : verdict?.applies === true
            ? ['missed', 'missed']
            : ['open', 'not judged'];
    const sign = part.better === 'higher' ? '≥' : '≤';
    const measured = value === null ? '–' : `${shown(value)} ${part.unit}`;
    return `<tr><td>${escaped(part.id.split('.')[0] ?? '')}</td><td>${escaped(part.what)}</td><td class="number">${escaped(measured)}</td><td class="number">${sign} ${shown(part.target)} ${escaped(part.unit)}</td><td class="${kind}">${word}</td></tr>`;
  });
  return `<table><thead><tr><th></th><th>What</th><th>Measured</th><th>Target</th><th></th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function section(line: KeptLine): string {
  const charts = CHARTS.filter((chart) => chart.scenario === line.scenario).map((chart) =>
    barChart(chart, line.systems),
  );
  const notes = line.notes.map((note) => `<li>${escaped(note)}</li>`).join('');
  return `<section><h2>${escaped(line.title)} <small>${escaped(line.date)} · commit ${escaped(line.commit)}</small></h2>${charts.join('')}<ul class="notes">${notes}</ul></section>`;
}
