import { describe, expect, it } from 'vitest';
import { chooseModel, type ModelWish } from './chooseModel.js';
import { knownModels, modelsAmong, restorationTasks, tasksOf } from './tasks.js';

const all = knownModels;
const chosen = (wish: ModelWish, installed: readonly string[] = all.map(({ name }) => name)) =>
  chooseModel(wish, modelsAmong(installed)).name;

describe('the table of models', () => {
  it('knows the task of each', () => {
    const tasks = restorationTasks.map(({ name }) => name);
    for (const { task } of all) expect(tasks).toContain(task);
    expect(tasksOf(all)).toEqual(restorationTasks);
    expect(tasksOf(modelsAmong(['clean'])).map(({ name }) => name)).toEqual(['clean']);
  });
});

describe('the model that is taken', () => {
  it('is the best one for real photographs, unless a fast one is asked for', () => {
    expect(chosen({})).toBe('photo-x4');
    expect(chosen({ task: 'sr', effort: 'best' })).toBe('photo-x4');
    expect(chosen({ effort: 'fast' })).toBe('photo-x4-fast');
    expect(chosen({ effort: 'fast' }, ['sr-x4', 'photo-x4'])).toBe('photo-x4');
    expect(chosen({ task: 'clean', effort: 'fast' })).toBe('clean');
  });

  it('enlarges as little as is enough', () => {
    expect(chosen({ scale: 2 })).toBe('photo-x2');
    expect(chosen({ scale: 1.5 })).toBe('photo-x2');
    expect(chosen({ scale: 3 })).toBe('photo-x4');
    expect(chosen({ scale: 8 })).toBe('photo-x4');
    expect(chosen({ scale: 2 }, ['photo-x4', 'sr-x4'])).toBe('photo-x4');
  });

  it('keeps the size where that is asked for', () => {
    expect(chosen({ scale: 1 })).toBe('clean');
    expect(chosen({ scale: 1 }, ['photo-x4', 'deblur'])).toBe('deblur');
    expect(chosen({ scale: 1, task: 'deblur' })).toBe('deblur');
    expect(chosen({ scale: 1, task: 'sr' }, ['photo-x4'])).toBe('photo-x4');
  });

  it('is the classic one by its name, or where there is no other', () => {
    expect(chosen({}, ['sr-x4'])).toBe('sr-x4');
  });

  it('is none for a task that no model is for', () => {
    expect(() => chosen({ task: 'fly' }, ['photo-x4'])).toThrow(
      /^expected one of the tasks sr \(makes a photo larger; .*\), got fly$/,
    );
    expect(() => chosen({ task: 'clean' }, ['photo-x4'])).toThrow(/tasks sr .*, got clean$/);
    expect(() => chosen({ scale: 1 }, ['photo-x4'])).toThrow(
      /^expected a task that keeps the size for a scale of 1; the tasks are sr /,
    );
    expect(() => chosen({}, [])).toThrow(/none, as no model is installed/);
  });
});
