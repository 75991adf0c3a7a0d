// Renders the example photograph, `examples/harbour.png`: a scene with what a restorer meets in photographs
// (fine texture, straight and curved edges, lettering, soft gradients), drawn by this program, so that it is ours
// to ship. `npx tsx tools/renderExample.ts [FILE]`.
import { Random, imageFromBytes, imresize, quantizeImage } from 'nanosd';
import { writeImage } from 'nanosd/node';
import sharp from 'sharp';

const [width, height] = [896, 640];
const random = Random.seeded(20);
const between = (low: number, high: number): number => random.uniform(low, high);
const many = (count: number, draw: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => draw(i)).join('');

/** A gabled house front with brick courses, shutters and window bars. */
function house(x: number, base: number, w: number, h: number, wall: string, roof: string): string {
  const rows = Math.floor((h - 20) / 62);
  const columns = Math.max(2, Math.floor(w / 48));
  const courses = many(Math.floor(h / 5), (i) => {
    const y = base - h + i * 5;
    return `<path d="M${x} ${y}h${w}" stroke="#000" stroke-opacity=".13" stroke-width="1"/>`;
  });
  const windows = many(rows * columns, (i) => {
    const wx = x + 12 + (i % columns) * ((w - 20) / columns);
    const wy = base - h + 22 + Math.floor(i / columns) * 62;
    const lit = random.uniform() < 0.25 ? '#ffe3a0' : '#3c4c5e';
    return `<g><rect x="${wx - 7}" y="${wy}" width="38" height="40" fill="#2f5a4d"/>
      <rect x="${wx}" y="${wy}" width="24" height="40" fill="#f2eee4"/>
      <rect x="${wx + 2}" y="${wy + 2}" width="20" height="36" fill="${lit}"/>
      <path d="M${wx + 12} ${wy}v40M${wx} ${wy + 13}h24M${wx} ${wy + 26}h24" stroke="#f2eee4" stroke-width="2"/>
      <path d="M${wx - 7} ${wy + 6}h7m-7 6h7m-7 6h7m-7 6h7m-7 6h7M${wx + 24} ${wy + 6}h7m-7 6h7m-7 6h7m-7 6h7m-7 6h7"
        stroke="#1d3a31" stroke-width="1.4"/></g>`;
  });
  const tiles = many(9, (i) => {
    const inset = (i / 9) * (w / 2);
    const y = base - h - (i / 9) * (w * 0.42);
    return `<path d="M${x + inset} ${y}H${x + w - inset}" stroke="#000" stroke-opacity=".28" stroke-width="1.6"/>`;
  });
  return `<rect x="${x}" y="${base - h}" width="${w}" height="${h}" fill="${wall}"/>${courses}${windows}
    <path d="M${x - 6} ${base - h}L${x + w / 2} ${base - h - w * 0.42}L${x + w + 6} ${base - h}z" fill="${roof}"/>${tiles}`;
}

/** A sailing boat with rigging and a name on its bow. */
function boat(x: number, y: number, size: number, hull: string, name: string): string {
  const s = size / 100;
  return `<g transform="translate(${x} ${y}) scale(${s})">
    <path d="M-70 0Q-60 34-34 36H44Q66 30 84-6z" fill="${hull}"/>
    <path d="M-70 0L84-6" stroke="#fdf6e3" stroke-width="5"/>
    <path d="M0-2V-190M0-182L84-6M0-182L-70 0M-22-190H22" stroke="#4a3a2a" stroke-width="3" fill="none"/>
    <path d="M6-176Q58-90 60-18H6z" fill="#f4efe2"/><path d="M6-140h20M6-104h38M6-66h50" stroke="#b9ae95" stroke-width="2"/>
    <path d="M-6-168Q-44-84-58-12H-6z" fill="#e9dfc8"/>
    <text x="-34" y="24" font-family="DejaVu Sans" font-size="19" font-weight="bold" fill="#fff">${name}</text></g>`;
}

const colours = [
  ['#b5543c', '#5b3a34'],
  ['#d9b45b', '#6d4a3b'],
  ['#8fa7a0', '#4b4f58'],
  ['#c9785a', '#59403c'],
  ['#e2d6bd', '#7a4a3c'],
  ['#7d8fae', '#45434f'],
] as const;

let left = -20;
const houses = many(7, (i) => {
  const w = between(110, 160);
  const [wall, roof] = colours[i % colours.length];
  const drawn = house(left, 400, w, between(150, 235), wall, roof);
  left += w + 4;
  return drawn;
});
const ripples = many(420, () => {
  const y = 418 + 222 * random.uniform() ** 1.4;
  const depth = (y - 410) / 230;
  const shade = random.uniform() < 0.5 ? '#dff0f2' : '#16404f';
  const length = between(8, 60) * (0.3 + depth);
  return `<path d="M${between(-20, width)} ${y}q${length / 2} ${between(-5, 5) * depth} ${length} 0" stroke="${shade}"
    stroke-opacity="${between(0.15, 0.5)}" stroke-width="${0.6 + 2 * depth}" fill="none"/>`;
});
const leaves = many(900, () => {
  const angle = between(0, 2 * Math.PI);
  const radius = 105 * Math.sqrt(random.uniform());
  const green = ['#2f5d2a', '#47803a', '#6aa24c', '#23451f', '#8abb5e'][random.integer(5)];
  const [x, y] = [822 + radius * Math.cos(angle), 250 + 1.1 * radius * Math.sin(angle)];
  return `<ellipse cx="${x}" cy="${y}" rx="${between(3, 7)}" ry="${between(1.5, 3.4)}" fill="${green}"
    transform="rotate(${between(0, 180)} ${x} ${y})"/>`;
});
const stones = many(150, (i) => {
  const grey = Math.round(between(105, 165));
  const [row, column] = [Math.floor(i / 50), i % 50];
  return `<rect x="${column * 18 - (row % 2) * 9}" y="${398 + row * 8}" width="17" height="7" rx="1.6"
    fill="rgb(${grey},${grey - 6},${grey - 16})"/>`;
});

const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
  <defs>
    <linearGradient id="sky" x2="0" y2="1"><stop stop-color="#3f7fbd"/><stop offset="1" stop-color="#f3e3cf"/></linearGradient>
    <linearGradient id="sea" x2="0" y2="1"><stop stop-color="#5f93a0"/><stop offset="1" stop-color="#123646"/></linearGradient>
    <filter id="clouds" x="0" y="0" width="1" height="1"><feTurbulence type="fractalNoise" baseFrequency=".006 .014" numOctaves="6" seed="4"/>
      <feColorMatrix values="0 0 0 0 1  0 0 0 0 1  0 0 0 0 1  2.6 0 0 0 -1.1"/></filter>
    <filter id="grain" x="0" y="0" width="1" height="1"><feTurbulence type="fractalNoise" baseFrequency=".55" numOctaves="3" seed="9"/>
      <feColorMatrix values="0 0 0 0 .5  0 0 0 0 .5  0 0 0 0 .5  .9 0 0 0 -.32"/></filter>
  </defs>
  <rect width="${width}" height="420" fill="url(#sky)"/><rect width="${width}" height="300" filter="url(#clouds)" opacity=".85"/>
  ${houses}
  <rect x="806" y="330" width="16" height="76" fill="#54402e"/>${leaves}
  <rect x="0" y="394" width="${width}" height="30" fill="#6a655c"/>${stones}
  <rect y="422" width="${width}" height="220" fill="url(#sea)"/>${ripples}
  <g transform="translate(318 330)"><rect width="150" height="32" rx="3" fill="#22384f"/>
    <text x="75" y="23" text-anchor="middle" font-family="DejaVu Serif" font-size="19" fill="#f5e9c8">HARBOUR INN</text></g>
  ${boat(210, 520, 150, '#7c2b2b', 'MARTHA')}${boat(610, 480, 96, '#27486b', 'ELSE')}${boat(742, 568, 128, '#2e5b48', 'PETREL')}
  <rect width="${width}" height="${height}" filter="url(#grain)" opacity=".22"/>
</svg>`;

const { data } = await sharp(Buffer.from(svg))
  .removeAlpha()
  .raw()
  .toBuffer({ resolveWithObject: true });
const drawn = imageFromBytes(data, width, height, 3);
const small = quantizeImage(imresize(drawn, { scale: 1 / 4 }));
const output = process.argv[2] ?? 'examples/harbour.png';
await writeImage(output, small);
if (process.argv[3]) await writeImage(process.argv[3], drawn);
