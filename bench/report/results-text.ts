/** `bench/RESULTS.md`: the same figures for those who read the repository. */
import { factsOf, type KeptLine, type Results } from './results-file.ts';
import { shown, systemTitle } from './words.ts';

export function resultsText({ lines }: Results): string {
  const scale = lines[0]?.scale ?? 'small';
  return `# Results of the bench

Made by \`npm run bench -- report\`; do not edit. ${factsOf(lines)} · scale ${scale}.
Medians of the rounds; in brackets the smallest and the largest.${scale === 'small' ? ' Small scale is a smoke test: goals are judged at full scale.' : ''}

## Goals

| Goal | What | Measured | Target | Met |
|---|---|---|---|---|
${lines.flatMap((line) => line.goals.map((goal) => `| ${goal.id} | ${goal.what} | ${goal.value === null ? '–' : `${shown(goal.value)} ${goal.unit}`} | ${goal.better === 'higher' ? '≥' : '≤'} ${shown(goal.target)} ${goal.unit} | ${goal.value === null ? 'not measured' : goal.met ? 'yes' : 'no'} |`)).join('\n')}

${lines.map(scenarioText).join('\n')}`;
}

function scenarioText(line: KeptLine): string {
  const { delivered, faults } = line;
  const checked =
    delivered === 0
      ? ''
      : `\nDeliveries checked: ${delivered.toLocaleString('en')}; lost ${faults.lost}, doubled ${faults.duplicated}, reordered ${faults.reordered}.\n`;
  const systems = Object.entries(line.systems).map(([name, figures]) => {
    const each = Object.entries(figures).map(
      ([quantity, { median, min, max }]) => `${quantity} ${shown(median)} (${shown(min)}–${shown(max)})`,
    );
    return `| ${systemTitle(name)} | ${each.join(' · ')} |`;
  });
  const ratios = Object.entries(line.ratios).map(([name, value]) => `\`${name}\` ${shown(value)}`);
  return `## ${line.scenario}: ${line.title}

${line.date} · commit ${line.commit} · ${line.rounds} rounds

${line.notes.map((note) => `* ${note}`).join('\n')}
${checked}
| System | Figures |
|---|---|
${systems.join('\n')}
${ratios.length === 0 ? '' : `\nRatios: ${ratios.join(' · ')}\n`}`;
}
