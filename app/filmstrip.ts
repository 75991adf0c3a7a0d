import { byId, create } from './dom.js';
import { describeState, type Photo } from './photos.js';

export interface Filmstrip {
  /** Adds a photo at the end, with a small picture of it. */
  add(photo: Photo, bitmap: ImageBitmap): void;
  remove(photo: Photo): void;
  /** Shows the photo's present state. */
  update(photo: Photo): void;
  select(photo: Photo | null): void;
}

export interface FilmstripActions {
  readonly onSelect: (photo: Photo) => void;
  readonly onRemove: (photo: Photo) => void;
}

interface Frame {
  readonly item: HTMLLIElement;
  readonly show: HTMLButtonElement;
  readonly state: HTMLElement;
}

/** The queue as a row of small pictures. */
export function createFilmstrip({ onSelect, onRemove }: FilmstripActions): Filmstrip {
  const film = byId('film', HTMLElement);
  const list = byId('frames', HTMLUListElement);
  const frames = new Map<number, Frame>();
  return {
    add(photo, bitmap) {
      const state = create('span', { className: 'state' });
      const name = create('span', { className: 'name', title: photo.file.name }, photo.file.name);
      const show = create(
        'button',
        { type: 'button', className: 'show' },
        thumbnail(bitmap),
        name,
        state,
      );
      show.addEventListener('click', () => onSelect(photo));
      const remove = create('button', { type: 'button', className: 'remove' });
      remove.setAttribute('aria-label', `Remove ${photo.file.name}`);
      remove.append(cross());
      remove.addEventListener('click', () => onRemove(photo));
      const item = create('li', { className: 'frame' }, show, remove);
      frames.set(photo.id, { item, show, state });
      list.append(item);
      film.hidden = false;
      this.update(photo);
    },
    remove({ id }) {
      frames.get(id)?.item.remove();
      frames.delete(id);
      film.hidden = frames.size === 0;
    },
    update(photo) {
      const frame = frames.get(photo.id);
      if (!frame) return;
      frame.item.dataset.state = photo.state.kind;
      frame.state.textContent = describeState(photo);
    },
    select(photo) {
      for (const [id, { show }] of frames)
        show.setAttribute('aria-current', String(id === photo?.id));
    },
  };
}

const THUMBNAIL = { width: 192, height: 128 };

/** The middle of the picture, filling the frame. */
function thumbnail(bitmap: ImageBitmap): HTMLCanvasElement {
  const canvas = create('canvas', THUMBNAIL);
  const context = canvas.getContext('2d');
  const zoom = Math.max(canvas.width / bitmap.width, canvas.height / bitmap.height);
  const [width, height] = [bitmap.width * zoom, bitmap.height * zoom];
  const [left, top] = [(canvas.width - width) / 2, (canvas.height - height) / 2];
  if (context) context.imageSmoothingQuality = 'high';
  context?.drawImage(bitmap, left, top, width, height);
  return canvas;
}

function cross(): SVGSVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(namespace, 'path');
  path.setAttribute('d', 'M7 7l10 10M17 7L7 17');
  svg.append(path);
  return svg;
}
