import { byId } from './dom.js';

/** Photos that are dropped on the page, pasted into it, or chosen. */
export function bindIntake(onFiles: (files: readonly File[]) => void): void {
  const input = byId('files', HTMLInputElement);
  const choose = (): void => input.click();
  byId('choose', HTMLButtonElement).addEventListener('click', choose);
  byId('add', HTMLButtonElement).addEventListener('click', choose);
  const accept = (files: Iterable<File> | null | undefined): void => {
    const found = [...(files ?? [])];
    if (found.length > 0) onFiles(found);
  };
  input.addEventListener('change', () => {
    accept(input.files);
    input.value = '';
  });
  document.addEventListener('paste', ({ clipboardData }) => accept(clipboardData?.files));
  bindDrop(accept);
}

function bindDrop(accept: (files: Iterable<File> | undefined) => void): void {
  const hint = byId('drop-hint', HTMLElement);
  const hasFiles = ({ dataTransfer }: DragEvent): boolean =>
    dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    hint.hidden = false;
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) hint.hidden = true;
  });
  document.addEventListener('drop', (event) => {
    hint.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    accept(event.dataTransfer?.files);
  });
}
