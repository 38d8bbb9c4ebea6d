/** A scenario's outcome for the terminal. */
import type { ScenarioLine } from '../harness/scenario.ts';
import { shown, systemTitle } from './words.ts';

export function lineText(line: ScenarioLine): string {
  const { lost, duplicated, reordered, misnumbered } = line.faults;
  const faults = lost + duplicated + reordered + misnumbered;
  const checked =
    line.delivered === 0
      ? ''
      : `  ${line.delivered.toLocaleString('en')} deliveries checked: ${faults === 0 ? 'all once and in order' : `${lost} lost, ${duplicated} doubled, ${reordered} reordered, ${misnumbered} misnumbered`}\n`;
  const systems = Object.entries(line.systems).map(([name, figures]) => {
    const each = Object.entries(figures).map(([quantity, { median }]) => `${quantity} ${shown(median)}`);
    return `  ${systemTitle(name).padEnd(44)} ${each.join(' · ')}\n`;
  });
  const goals = line.goals.map((goal) => {
    const sign = goal.better === 'higher' ? '≥' : '≤';
    const verdict =
      goal.value === null ? 'not measured' : goal.met ? 'met' : goal.applies ? 'MISSED' : 'not judged at this scale';
    const value = goal.value === null ? '–' : shown(goal.value);
    return `  ${goal.id.padEnd(18)} ${value.padStart(8)} ${goal.unit.padEnd(4)} (${sign} ${shown(goal.target)}) ${verdict}\n`;
  });
  return `${line.scenario}: ${line.title} (${line.scale}, ${line.rounds} rounds, ${line.seconds} s)\n${checked}${systems.join('')}${goals.join('')}`;
}
