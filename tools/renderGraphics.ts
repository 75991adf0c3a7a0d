// Draws pictures to train on beside photographs, which are thin on lettering and hard edges: pages, slides, charts and line
// drawings of 512x512 pixels. `npx tsx tools/renderGraphics.ts FOLDER [COUNT]`. Needs the DejaVu fonts.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from 'nanosd';
import sharp from 'sharp';

const side = 512;
const [folder, countText = '96'] = process.argv.slice(2);
const count = Number(countText);
if (folder === undefined || !Number.isInteger(count)) {
  console.error('usage: npx tsx tools/renderGraphics.ts FOLDER [COUNT]');
  process.exit(2);
}

const fonts = ['DejaVu Sans', 'DejaVu Serif', 'DejaVu Sans Mono', 'DejaVu Sans Condensed'];
const letters = 'eeeeetttaaaooiinnsshhrrddllcummwwffgyyppbbvkjxqz';
const random = Random.seeded(7);

const between = (low: number, high: number): number => random.uniform(low, high);
const whole = (low: number, high: number): number => Math.floor(between(low, high + 1));
const pick = <T>(choices: ArrayLike<T>): T => choices[whole(0, choices.length - 1)];
const chance = (odds: number): boolean => random.uniform() < odds;
const many = (times: number, draw: (i: number) => string): string =>
  Array.from({ length: times }, (_, i) => draw(i)).join('');

interface Inks {
  readonly paper: string;
  readonly ink: string;
  readonly accents: readonly string[];
}

await mkdir(folder, { recursive: true });
const manifest = [];
const drawings = { page, slide, chart, drawing };
for (let i = 0; i < count; i++) {
  const kind = pick(Object.keys(drawings) as (keyof typeof drawings)[]);
  const inks = pickInks();
  const tilt = chance(0.4) ? between(-12, 12) : 0;
  // Larger than the picture, so that no corner stays empty when it is tilted.
  const content = drawings[kind](inks);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">
    <rect width="${side}" height="${side}" fill="${inks.paper}"/>
    <g transform="rotate(${tilt} ${side / 2} ${side / 2})">${content}</g></svg>`;
  const file = `${kind}-${String(i).padStart(3, '0')}.png`;
  await sharp(Buffer.from(svg)).removeAlpha().png().toFile(join(folder, file));
  manifest.push({
    file,
    repo: 'tools/renderGraphics.ts',
    licence: 'Apache-2.0, drawn by this project',
    source: 'drawings',
  });
}
await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);

function colour(lightness: readonly [number, number], saturation = between(0, 90)): string {
  return `hsl(${whole(0, 359)} ${saturation.toFixed(0)}% ${between(...lightness).toFixed(0)}%)`;
}

function pickInks(): Inks {
  const dark = chance(0.3);
  const accents = Array.from({ length: 4 }, () => colour([25, 75]));
  if (chance(0.35)) return { paper: '#fff', ink: '#000', accents };
  return dark
    ? { paper: colour([4, 30]), ink: colour([80, 100]), accents }
    : { paper: colour([80, 100]), ink: colour([0, 25]), accents };
}

function word(): string {
  const letter = (): string => pick(letters);
  if (chance(0.08)) return String(whole(1, 9999));
  const text = many(whole(2, 10), letter);
  if (chance(0.06)) return text.toUpperCase();
  return chance(0.18) ? text[0].toUpperCase() + text.slice(1) : text;
}

function words(n: number): string {
  return Array.from({ length: n }, word).join(' ');
}

function font(): string {
  const weight = chance(0.35) ? 'bold' : 'normal';
  const style = chance(0.2) ? 'italic' : 'normal';
  return `font-family="${pick(fonts)}" font-weight="${weight}" font-style="${style}"`;
}

function text(x: number, y: number, size: number, content: string, fill: string): string {
  const at = `x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size.toFixed(1)}"`;
  return `<text ${at} fill="${fill}">${content}</text>`;
}

/** Paragraphs of one size, with headings. */
function page({ ink, accents }: Inks): string {
  const size = between(11, 30);
  const leading = size * between(1.15, 1.6);
  const left = between(-60, 30);
  const lines = many(Math.ceil((side + 160) / leading), (i) => {
    const y = -60 + i * leading;
    if (chance(0.1)) return '';
    const heading = chance(0.1);
    const line = text(
      left,
      y,
      heading ? size * 1.3 : size,
      words(14),
      heading ? pick(accents) : ink,
    );
    return heading ? `<g font-weight="bold">${line}</g>` : line;
  });
  return `<g ${font()}>${lines}</g>`;
}

/** A title, points and boxes, as on a projector. */
function slide({ ink, accents }: Inks): string {
  const bar = `<rect x="-80" y="-80" width="680" height="${between(130, 190)}" fill="${pick(accents)}"/>`;
  const title = `<g ${font()}>${text(between(0, 60), between(40, 80), between(30, 58), words(3), pick(['#fff', ink]))}</g>`;
  const size = between(18, 36);
  const points = many(whole(4, 8), (i) => {
    const y = 150 + i * size * 1.7;
    const mark = `<circle cx="${30}" cy="${y - size / 3}" r="${size / 6}" fill="${pick(accents)}"/>`;
    return mark + text(48, y, size, words(whole(2, 5)), chance(0.2) ? pick(accents) : ink);
  });
  const boxes = many(whole(1, 4), () => {
    const [x, y, w, h] = [between(200, 460), between(130, 460), between(60, 200), between(30, 120)];
    return `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="${pick([0, 0, 8])}" fill="${pick(accents)}"
      stroke="${ink}" stroke-width="${between(0, 4)}"/><g ${font()}>${text(x + 6, y + h / 2, between(12, 26), words(2), pick(['#fff', ink]))}</g>`;
  });
  return `${bar}${title}<g ${font()}>${points}</g>${boxes}`;
}

/** Axes, a grid, bars, lines and their labels. */
function chart({ ink, accents }: Inks): string {
  const step = between(14, 50);
  const grid = many(Math.ceil(640 / step), (i) => {
    const at = -60 + i * step;
    return `<path d="M-60 ${at}H600M${at} -60V600"/>`;
  });
  const bars = many(whole(5, 16), (i) => {
    const height = between(20, 360);
    const width = between(8, 28);
    return `<rect x="${40 + i * 30}" y="${460 - height}" width="${width}" height="${height}" fill="${pick(accents)}"/>`;
  });
  const lines = many(whole(1, 4), () => {
    const points = many(16, (i) => `${i * 34} ${between(60, 440)} `);
    return `<polyline points="${points}" stroke="${pick(accents)}" stroke-width="${between(1.5, 7)}"/>`;
  });
  const labels = many(14, (i) => text(i * 40, 484 + (i % 2) * 16, between(10, 17), word(), ink));
  const title = `<g ${font()}>${text(60, 36, between(20, 36), words(4), ink)}</g>`;
  return `<g stroke="${ink}" stroke-opacity="${between(0.1, 0.6)}" stroke-width="${between(0.8, 2)}">${grid}</g>
    ${bars}<g fill="none">${lines}</g><path d="M40 -60V460H600" stroke="${ink}" stroke-width="3" fill="none"/>
    <g ${font()}>${labels}</g>${title}`;
}

/** Shapes with outlines and hatching, as in a comic. */
function drawing({ ink, accents }: Inks): string {
  const hatching = many(whole(1, 3), (i) => {
    const step = between(5, 18);
    return `<pattern id="h${i}" width="${step}" height="${step}" patternUnits="userSpaceOnUse"
      patternTransform="rotate(${between(0, 180)})"><rect width="${between(1.5, step / 2)}" height="${step}" fill="${pick([ink, ...accents])}"/></pattern>`;
  });
  const fill = (): string => (chance(0.4) ? 'url(#h0)' : pick([...accents, '#fff', ink]));
  const shapes = many(whole(14, 34), () => {
    const [x, y, r] = [between(0, side), between(0, side), between(14, 150)];
    const stroke = `fill="${fill()}" stroke="${ink}" stroke-width="${between(0, 7)}"`;
    if (chance(0.35)) {
      return `<ellipse cx="${x}" cy="${y}" rx="${r}" ry="${r * between(0.3, 1)}" ${stroke}/>`;
    }
    const corners = Array.from({ length: whole(3, 8) }, () => [
      x + between(-r, r),
      y + between(-r, r),
    ]);
    if (chance(0.5)) return `<polygon points="${corners.flat().join(' ')}" ${stroke}/>`;
    const curve = `M${x} ${y}Q${corners.flat().slice(0, 4).join(' ')}T${corners[2].join(' ')}`;
    return `<path d="${curve}" fill="none" stroke="${pick([ink, ...accents])}" stroke-width="${between(1.5, 9)}"/>`;
  });
  return `<defs>${hatching}</defs>${shapes}<g ${font()}>${text(between(10, 200), between(60, 460), between(24, 70), words(2), ink)}</g>`;
}
