import type { MeasuredStudent } from '../report/familyReport.js';
import { paretoFront, type Objectives } from '../algorithms/pareto.js';

/** A student that has earned a name. */
export interface OperatingPoint extends MeasuredStudent {
  readonly name: string;
  readonly rule: string;
}

type Front = readonly MeasuredStudent[];

/** Of `taFD` and each cost. */
interface Fronts {
  readonly latency: Front;
  readonly parameters: Front;
}

interface NamingRule {
  readonly name: string;
  readonly rule: string;
  /** Chooses among the students of the fronts that have no name yet. */
  readonly choose: (fronts: Fronts, isLeft: IsLeft) => MeasuredStudent | undefined;
}

type IsLeft = (student: MeasuredStudent) => boolean;

const quality = ({ taFD }: MeasuredStudent): number => taFD;
const latencyOf = ({ latencyMs }: MeasuredStudent): number => latencyMs;
const parametersOf = ({ parameters }: MeasuredStudent): number => parameters;

/** Applied in this order, so that each student has one name: the first that it earns. */
export const namingRules: readonly NamingRule[] = [
  {
    name: 'nanosd-prime',
    rule: 'the smallest taFD',
    choose: ({ latency, parameters }) => least([...latency, ...parameters], quality),
  },
  {
    name: 'nanosd-fast',
    rule: 'the least latency',
    choose: ({ latency }, isLeft) => least(latency.filter(isLeft), latencyOf),
  },
  {
    name: 'nanosd-small',
    rule: 'the fewest parameters of those that are left on the front of taFD and parameters',
    choose: ({ parameters }, isLeft) => least(parameters.filter(isLeft), parametersOf),
  },
  {
    name: 'nanosd-balanced',
    rule: 'the knee of the front of taFD and latency',
    choose: ({ latency }, isLeft) => knee(latency, latencyOf, isLeft),
  },
  {
    name: 'nanosd-compact',
    rule: 'the knee of the front of taFD and parameters',
    choose: ({ parameters }, isLeft) => knee(parameters, parametersOf, isLeft),
  },
];

/** The students that no other beats in both `taFD` and a cost, the best quality first; each stages string once. */
export function qualityFront(students: Front, cost: (student: MeasuredStudent) => number): Front {
  const distinct = [...new Map(students.map((student) => [student.stages, student])).values()];
  return paretoFront(distinct, (student): Objectives => [student.taFD, cost(student)]);
}

/** From here on, pictures of the same seed are no nearer to each other than any two are. */
const UNRELATED = 1;

/**
 * Names for the students that stand for a family, by `namingRules`, among those on the front of taFD and latency or of
 * taFD and parameters. A student gets one name, and a rule that finds none left gives none. Students whose pictures
 * have nothing to do with the teacher's (a `featureDistance` of 1 or more) get none, unless there are no others.
 */
export function operatingPoints(measured: Front): readonly OperatingPoint[] {
  const related = measured.filter(({ featureDistance }) => featureDistance < UNRELATED);
  const students = related.length > 0 ? related : measured;
  const fronts: Fronts = {
    latency: qualityFront(students, latencyOf),
    parameters: qualityFront(students, parametersOf),
  };
  const named = new Map<string, OperatingPoint>();
  for (const { name, rule, choose } of namingRules) {
    const chosen = choose(fronts, ({ stages }) => !named.has(stages));
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
  isLeft: IsLeft,
): MeasuredStudent | undefined {
  const shareOf = (value: (student: MeasuredStudent) => number) => {
    const values = front.map((student) => Math.log(value(student)));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return (student: MeasuredStudent): number =>
      high > low ? (Math.log(value(student)) - low) / (high - low) : 0;
  };
  const [worse, dearer] = [shareOf(quality), shareOf(cost)];
  // From (0, 1) to (1, 0): what lies below has a sum of less than 1.
  return least(front.filter(isLeft), (student) => worse(student) + dearer(student));
}
