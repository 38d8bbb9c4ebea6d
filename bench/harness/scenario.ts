/** What a scenario is, what it is given, and what it says. The result is one line of JSON. */
import type { Progress } from './progress.ts';
import type { DeliveryFaults } from './delivery-check.ts';
import type { Figure } from './statistics.ts';
import type { GoalVerdict } from './goals.ts';

export type Scale = 'small' | 'full';

/** A named quantity of a system: `{median, min, max}` over the rounds. Units stand last in the name. */
export type SystemFigures = Readonly<Record<string, Figure>>;

export interface ScenarioResult {
  /** What each system did, by name. */
  readonly systems: Readonly<Record<string, SystemFigures>>;
  /** The product against peers, or against itself under other conditions; above 1 is better for the product. */
  readonly ratios: Readonly<Record<string, number>>;
  /** Values of the goals this scenario measures, by the id of their parts (see goals.ts). */
  readonly values: Readonly<Record<string, number>>;
  readonly delivered: number;
  readonly faults: DeliveryFaults;
  /** What one must know to read the figures. */
  readonly notes: readonly string[];
}

export interface ScenarioContext {
  readonly scale: Scale;
  readonly rounds: number;
  /** A folder of this run, removed afterwards. */
  readonly folder: string;
  /** Names of peers to run; all when empty. */
  readonly peers: readonly string[];
  readonly progress: Progress;
}

export interface Scenario {
  readonly name: string;
  /** One line for the list of scenarios and the report. */
  readonly title: string;
  run(context: ScenarioContext): Promise<ScenarioResult>;
}

export interface ScenarioLine extends Omit<ScenarioResult, 'values'> {
  readonly scenario: string;
  readonly title: string;
  readonly scale: Scale;
  readonly rounds: number;
  readonly seconds: number;
  readonly goals: readonly GoalVerdict[];
  /** All goals that apply at this scale are met. */
  readonly met: boolean;
}
