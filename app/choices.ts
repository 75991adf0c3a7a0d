import { create } from './dom.js';

export interface Choice {
  readonly value: string;
  readonly label: string;
  /** At the end of the label's line. */
  readonly note?: string;
  readonly description?: string;
}

/** Fills a group with radio buttons: cards where the choices have descriptions, segments where not. */
export function renderChoices(
  group: HTMLElement,
  choices: readonly Choice[],
  selected: string,
  onChange: (value: string) => void,
): void {
  group.replaceChildren(
    ...choices.map(({ value, label, note, description }) => {
      const checked = value === selected;
      const input = create('input', { type: 'radio', name: group.id, value, checked });
      input.addEventListener('change', () => onChange(value));
      if (description === undefined) return create('label', {}, input, label);
      const facts = note === undefined ? [] : [create('small', {}, note)];
      return create(
        'label',
        { className: 'option' },
        input,
        create('strong', {}, label, ...facts),
        create('span', {}, description),
      );
    }),
  );
}
