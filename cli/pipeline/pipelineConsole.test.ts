import { describe, expect, it } from 'vitest';
import { createPipelineConsole } from './pipelineConsole.js';

/** What a log gets, and a clock that the test moves. */
function logged(stages: readonly string[]) {
  const lines: string[] = [];
  const clock = { ms: 0 };
  const write = (text: string): number => lines.push(...text.trimEnd().split('\n'));
  return { lines, clock, tell: createPipelineConsole({ write }, stages, () => clock.ms) };
}

describe('createPipelineConsole', () => {
  it('estimates from the pace of this run, whatever an earlier one did', () => {
    const { lines, clock, tell } = logged(['distill']);
    tell({ kind: 'stage', stage: 'distill', state: 'running', folder: '', seconds: null });
    clock.ms = 40_000;
    tell({ kind: 'progress', stage: 'distill', done: 0.5, note: 'E2-RA' });
    expect(lines.at(-1)).not.toContain('left');
    clock.ms = 100_000;
    tell({ kind: 'progress', stage: 'distill', done: 0.75, note: 'E2-RA' });
    expect(lines.at(-1)).toBe('distill   [============    ]  75 %  1:00 left    E2-RA');
  });

  it('says what an earlier run did', () => {
    const { lines, tell } = logged(['profile', 'distill']);
    tell({ kind: 'stage', stage: 'profile', state: 'kept', folder: '', seconds: 65 });
    tell({ kind: 'stage', stage: 'distill', state: 'done', folder: '', seconds: 5 });
    expect(lines).toEqual(['profile   done in 1:05, before', 'distill   done in 0:05']);
  });

  it('draws the whole table anew on a terminal', () => {
    let text = '';
    const write = (more: string): string => (text += more);
    const tell = createPipelineConsole({ isTTY: true, columns: 80, write }, ['profile', 'vae']);
    tell({ kind: 'stage', stage: 'profile', state: 'running', folder: '', seconds: null });
    tell({ kind: 'warning', stage: 'profile', message: 'the machine is busy' });
    expect(text).toContain('vae       waiting\n');
    expect(text).toContain('\x1b[2A\x1b[0Jwarning: profile: the machine is busy\n');
  });
});
