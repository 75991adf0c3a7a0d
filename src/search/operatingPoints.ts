import type { MeasuredStudent } from './familyReport.js';
import { paretoFront, type Objectives } from './pareto.js';

/** A student that has earned a name. */
export interface OperatingPoint extends MeasuredStudent {
  readonly name: string;
  readonly rule: string;
}

type Front = readonly MeasuredStudent[];

interface NamingRule {
  readonly name: string;
  readonly rule: string;
  /** Chooses among students that have no name yet, those of the two fronts in the order of `taFD`. */
  readonly choose: (left: { latency: Front; parameters: Front }) => MeasuredStudent | undefined;
}

/** Applied in this order, so that each student has one name: the first that it earns. */
export const namingRules: readonly NamingRule[] = [
  {
    name: 'nanosd-prime',
    rule: 'the smallest taFD',
    choose: ({ latency, parameters }) => least([...latency, ...parameters], ({ taFD }) => taFD),
  },
  {
    name: 'nanosd-fast',
    rule: 'the least latency',
    choose: ({ latency }) => least(latency, ({ latencyMs }) => latencyMs),
  },
  {
    name: 'nanosd-small',
    rule: 'the fewest parameters of those that are left on the front of taFD and parameters',
    choose: ({ parameters }) => least(parameters, (student) => student.parameters),
  },
  {
    name: 'nanosd-balanced',
    rule: 'the knee of the front of taFD and latency',
    choose: ({ latency }) => knee(latency, ({ latencyMs }) => latencyMs),
  },
  {
    name: 'nanosd-compact',
    rule: 'the knee of the front of taFD and parameters',
    choose: ({ parameters }) => knee(parameters, (student) => student.parameters),
  },
];

/** The students that no other beats in both `taFD` and a cost, the best quality first; each stages string once. */
export function qualityFront(students: Front, cost: (student: MeasuredStudent) => number): Front {
  const distinct = [...new Map(students.map((student) => [student.stages, student])).values()];
  return paretoFront(distinct, (student): Objectives => [student.taFD, cost(student)]);
}

/**
 * Names for the students that stand for a family, by `namingRules`, among those on the front of taFD and latency or of
 * taFD and parameters. A student gets one name, and a rule that finds none left gives none.
 */
export function operatingPoints(students: Front): readonly OperatingPoint[] {
  const fronts = {
    latency: qualityFront(students, ({ latencyMs }) => latencyMs),
    parameters: qualityFront(students, ({ parameters }) => parameters),
  };
  const named = new Map<string, OperatingPoint>();
  const left = (front: Front): Front => front.filter(({ stages }) => !named.has(stages));
  for (const { name, rule, choose } of namingRules) {
    const chosen = choose({ latency: left(fronts.latency), parameters: left(fronts.parameters) });
    if (chosen) named.set(chosen.stages, { name, rule, ...chosen });
  }
  return [...named.values()];
}

function least(
  students: Front,
  value: (student: MeasuredStudent) => number,
): MeasuredStudent | undefined {
  return students.reduce<MeasuredStudent | undefined>(
    (best, student) => (best && value(best) <= value(student) ? best : student),
    undefined,
  );
}

/** The student farthest below the straight line between the ends of a front, in logarithms, each axis from 0 to 1. */
function knee(
  front: Front,
  cost: (student: MeasuredStudent) => number,
): MeasuredStudent | undefined {
  const places = front.map((student) => [Math.log(student.taFD), Math.log(cost(student))] as const);
  const scaled = ([0, 1] as const).map((axis) => {
    const values = places.map((place) => place[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return values.map((value) => (high > low ? (value - low) / (high - low) : 0));
  });
  const [quality, costs] = scaled;
  // From (0, 1) to (1, 0): what lies below has a sum of less than 1.
  const sums = quality.map((x, i) => x + costs[i]);
  return front[sums.indexOf(Math.min(...sums))];
}
