import type { CostObjective, Curve, FamilyReport, MeasuredStudent } from './familyReport.js';
import { qualityFront } from '../space/operatingPoints.js';
import { plotSvg, shortNumber, type PlotPoint, type PlotSeries } from './reportPlot.js';

/** A plot with its heading. */
export interface TitledPlot {
  readonly title: string;
  readonly svg: string;
}

const costs = {
  latency: { of: ({ latencyMs }: MeasuredStudent) => latencyMs, label: 'predicted latency, ms' },
  parameters: { of: ({ parameters }: MeasuredStudent) => parameters, label: 'parameters' },
} as const;

/** All students that were measured by `taFD` and a cost, with their front and the points that have a name. */
export function frontPlot(
  { searches, points }: FamilyReport,
  objective: CostObjective,
): TitledPlot {
  const { of, label } = costs[objective];
  const all = searches.flatMap(({ evaluations }) => evaluations);
  const front = qualityFront(all, of);
  const place = (student: MeasuredStudent): PlotPoint => ({
    x: of(student),
    y: student.taFD,
    title: `${student.stages}: taFD ${student.taFD.toPrecision(3)}, ${student.latencyMs.toPrecision(3)} ms, ${shortNumber(student.parameters)} parameters`,
  });
  const named = points.flatMap(({ name, stages }) => {
    const student = all.find((one) => one.stages === stages);
    return student ? [{ ...place(student), label: name.replace(/^nanosd-/, '') }] : [];
  });
  const series: PlotSeries[] = [
    { kind: 'dots', className: 'measured', points: all.map(place) },
    { kind: 'line', className: 'front', points: front.map(place) },
    { kind: 'dots', className: 'front', points: front.map(place) },
    { kind: 'dots', className: 'named', points: named },
  ];
  const description = `taFD by ${label} of ${all.length} students`;
  const svg = plotSvg({
    description,
    x: { label, scale: 'log' },
    y: { label: 'taFD', scale: 'log' },
    series: all.length === 0 ? [] : series,
  });
  return { title: `Quality and ${objective}`, svg };
}

const lineClasses = ['accent', 'second', 'third'] as const;

/** The hypervolume over the evaluations of each search. */
export function hypervolumePlot({ searches }: FamilyReport): TitledPlot {
  const series = searches.map(({ objective, hypervolume }, i): PlotSeries => ({
    kind: 'steps',
    className: lineClasses[i % lineClasses.length],
    points: hypervolume.map((y, at) => ({
      x: at + 1,
      y,
      ...(at === hypervolume.length - 1 && searches.length > 1 && { label: objective }),
    })),
  }));
  const ends = series.map((one): PlotSeries => ({
    ...one,
    kind: 'dots',
    points: one.points.slice(-1),
  }));
  const svg = plotSvg({
    description: 'share of the space between worst and best that is dominated, by evaluations',
    x: { label: 'evaluations', scale: 'linear' },
    y: { label: 'hypervolume, share', scale: 'linear' },
    series: [...series, ...ends],
  });
  return { title: 'Hypervolume', svg };
}

/** What curves show whose names do not say it. */
const heldOut = 'held-out loss';

/** Curves with a name `what: which` in one plot for each `what`; those that are called `which` alone are held-out losses. */
export function curvePlots(name: string, curves: readonly Curve[]): readonly TitledPlot[] {
  const named = curves.map(({ name: whole, points }) => {
    const [first, ...rest] = whole.split(': ');
    const isPlain = rest.length === 0;
    return { kind: isPlain ? heldOut : first, label: isPlain ? first : rest.join(': '), points };
  });
  return [...new Set(named.map(({ kind }) => kind))].map((kind) => {
    const own = named.filter((curve) => curve.kind === kind);
    const series = own.flatMap(({ label, points: pairs }, i): PlotSeries[] => {
      const points = pairs.map(([x, y]) => ({ x, y }));
      const className = lineClasses[i % lineClasses.length];
      const end = points.slice(-1).map((point) => ({ ...point, label }));
      return [
        { kind: 'line', className, points },
        { kind: 'dots', className, points: end },
      ];
    });
    const isPositive = own.every(({ points }) => points.every(([, y]) => y > 0));
    const svg = plotSvg({
      description: `${kind} of ${name} by steps of alignment`,
      x: { label: 'steps', scale: 'linear' },
      y: { label: kind, scale: isPositive ? 'log' : 'linear' },
      series,
    });
    return { title: `${name}: ${kind}`, svg };
  });
}
