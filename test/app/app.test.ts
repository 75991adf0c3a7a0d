import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumProblem, softwareWebGpu, type Site } from '../browser/chromium.js';
import { nanosd } from '../cli/nanosd.js';
import {
  appFolder,
  downloadFrom,
  launch,
  openApp,
  restoreFiles,
  serveApp,
  untilReady,
  type AppFile,
} from './appPage.js';

const example = await readFile(new URL('../../examples/harbour.png', import.meta.url));
const harbour: AppFile = { name: 'harbour.png', mimeType: 'image/png', buffer: example };
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } as const;
const title = `the app${chromiumProblem === null ? '' : `: ${chromiumProblem}`}`;

/** The build, which `npm run build` has made unless a single test was started. */
async function build(): Promise<void> {
  const tool = (await import(new URL('../../tools/buildApp.js', import.meta.url).href)) as {
    buildAppIfStale(): Promise<void>;
  };
  await tool.buildAppIfStale();
}

describe.skipIf(chromiumProblem !== null)(title, () => {
  let site: Site;
  let browser: Browser;

  beforeAll(async () => {
    await build();
    site = await serveApp();
    browser = await launch();
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await site[Symbol.asyncDispose]();
  });

  it('weighs at most 1 MB beside the engine and the models', async () => {
    const files = await readdir(appFolder, { recursive: true, withFileTypes: true });
    const own = files
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !/\.(wasm|safetensors)$/.test(path));
    const sizes = await Promise.all(own.map(async (path) => (await stat(path)).size));
    expect(own.length).toBeGreaterThan(8);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1e6);
  });

  it('gives what the command gives, and asks for nothing outside its own origin', async () => {
    await using app = await openApp(browser, site);
    const { page, requests, complaints } = app;
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await restoreFiles(page, [harbour]);
    const { name, bytes } = await downloadFrom(page, '#download');
    expect(name).toBe('harbour_x4.png');
    expect(await largestDifference(bytes, await restoredByCommand(example))).toBeLessThanOrEqual(1);
    // The page and its service worker ask for the same one.
    expect(new Set(requests.filter((url) => url.endsWith('.wasm'))).size).toBe(1);
    expect(requests.filter((url) => !/^blob:/.test(url) && !url.startsWith(site.origin))).toEqual(
      [],
    );
    expect(complaints).toEqual([]);
  }, 120_000);

  it('compares before and after with a divider, under the pointer and by keys', async () => {
    await using app = await openApp(browser, site);
    const { page } = app;
    expect(await page.isVisible('#divider')).toBe(false);
    await restoreFiles(page, [harbour]);
    const divider = page.locator('#divider');
    const value = (): Promise<string | null> => divider.getAttribute('aria-valuenow');
    await divider.focus();
    await page.keyboard.press('End');
    expect(await value()).toBe('100');
    const before = await page.locator('#canvas').screenshot();
    await page.keyboard.press('Home');
    expect(await value()).toBe('0');
    const after = await page.locator('#canvas').screenshot();
    expect(await largestDifference(before, after)).toBeGreaterThan(50);
    await page.keyboard.press('PageUp');
    expect(await value()).toBe('10');
    const box = await page.locator('#canvas').boundingBox();
    const grip = await divider.boundingBox();
    if (!box || !grip) throw new Error('expected a picture with a divider');
    await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.75 * box.width, grip.y + 20, { steps: 4 });
    await page.mouse.up();
    expect(await value()).toBe('75');
    const zoom = page.locator('#zoom-text');
    await page.locator('#canvas').focus();
    await page.keyboard.press('1');
    await expect.poll(() => zoom.innerText()).toBe('100 %');
    await page.mouse.wheel(0, -400);
    await expect.poll(async () => parseInt(await zoom.innerText())).toBeGreaterThan(150);
  }, 120_000);

  it('cancels between tiles, and can restore again', async () => {
    await using app = await openApp(browser, site);
    const { page } = app;
    await page.setInputFiles('#files', [await noisyPhoto(900, 600)]);
    await page.click('#restore');
    // A tile may be done before a look at a certain number: any will do.
    await expect.poll(() => tilesDone(page), { timeout: 60_000 }).toBeGreaterThan(0);
    const before = await tilesDone(page);
    await page.click('#cancel');
    await page.waitForSelector('.frame[data-state=cancelled]');
    expect(await tilesDone(page)).toBeLessThan(before + 6);
    await page.check('input[name=scales][value="2"]');
    expect(await page.textContent('#size-hint')).toBe('900 × 600 becomes 1,800 × 1,200 pixels');
    expect(await page.textContent('#restore')).toBe('Restore');
    expect(await page.isEnabled('#restore')).toBe(true);
  }, 120_000);

  it('takes several photos, names what it cannot open, and saves them all', async () => {
    await using app = await openApp(browser, site);
    const { page } = app;
    const broken = { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('not a photo') };
    const second = { ...(await noisyPhoto(60, 40)), name: 'second.png' };
    await page.setInputFiles('#files', [harbour, broken, second]);
    await page.getByText('notes.png: not an image').waitFor();
    expect(await page.textContent('#restore')).toBe('Restore 2 photos');
    await page.click('#restore');
    await page.waitForSelector('.frame:nth-child(2)[data-state=done]', { timeout: 60_000 });
    const names: string[] = [];
    page.on('download', (download) => names.push(download.suggestedFilename()));
    await page.click('#download-all');
    await expect.poll(() => names).toEqual(['harbour_x4.png', 'second_x4.png']);
    await page.click('.frame:nth-child(2) .remove');
    expect(await page.locator('.frame').count()).toBe(1);
  }, 120_000);

  it('keeps camera data and profile of a JPEG, upright, in the format that is chosen', async () => {
    await using app = await openApp(browser, site);
    const { page } = app;
    const photo = await taggedJpeg();
    await restoreFiles(page, [{ name: 'p3.jpg', mimeType: 'image/jpeg', buffer: photo }]);
    await page.check('input[name=formats][value="image/jpeg"]');
    const { name, bytes } = await downloadFrom(page, '#download');
    expect(name).toBe('p3_x4.jpg');
    const given = await sharp(photo).metadata();
    const metadata = await sharp(bytes).metadata();
    expect(metadata).toMatchObject({ format: 'jpeg', width: 160, height: 240, orientation: 1 });
    expect(metadata.icc).toEqual(given.icc);
    expect(metadata.exif?.toString('latin1')).toContain('Acme');
    // The numbers, which the profile gives their meaning, are those of the photo.
    const [wanted, got] = await Promise.all([photo, bytes].map((file) => meanColour(file)));
    wanted.forEach((value, i) => expect(Math.abs(value - got[i])).toBeLessThan(1.5));
    expect(await page.textContent('#outcome')).toContain('kept camera data (EXIF)');
  }, 120_000);

  it('restores the camera live and says how fast', async () => {
    await using app = await openApp(browser, site);
    const { page } = app;
    await page.click('#mode-camera');
    const readout = page.locator('#readout');
    await readout.waitFor({ timeout: 60_000 });
    expect(await readout.innerText()).toMatch(/^[\d.]+ frames\/s · \d+ ms latency/);
    const first = await page.locator('#canvas').screenshot();
    await page.waitForTimeout(1500);
    expect(
      await largestDifference(first, await page.locator('#canvas').screenshot()),
    ).toBeGreaterThan(9);
    await page.click('#mode-photos');
    expect(await page.isVisible('#empty')).toBe(true);
  }, 120_000);

  it('loads and restores without a network once it has been loaded', async () => {
    const own = await serveApp();
    await using app = await openApp(browser, own);
    const { page } = app;
    await page.getByText('Works offline').waitFor({ timeout: 60_000 });
    await own[Symbol.asyncDispose]();
    await page.reload();
    await untilReady(page);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await restoreFiles(page, [harbour]);
    expect(await page.textContent('#outcome')).toContain('896 × 640');
  }, 120_000);

  it('gives itself threads where the host sends no headers for them', async () => {
    await using plain = await serveApp(plainServer());
    await using app = await openApp(browser, plain);
    await expect
      .poll(() => app.page.evaluate(() => crossOriginIsolated).catch(() => false), {
        timeout: 30_000,
      })
      .toBe(true);
    await untilReady(app.page);
  }, 120_000);

  it.each([
    ['a desktop, light', { colorScheme: 'light' }],
    ['a phone, dark', { ...phone, colorScheme: 'dark' }],
  ] as const)(
    'has nothing that axe objects to, on %s',
    async (_, options) => {
      await using app = await openApp(browser, site, options);
      const { page } = app;
      expect(await axeViolations(page)).toEqual([]);
      await restoreFiles(page, [harbour]);
      expect(await axeViolations(page)).toEqual([]);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      expect(wide).toBe(false);
    },
    120_000,
  );

  it('computes on the GPU where it gives the same numbers', async () => {
    const withGpu = await launch(softwareWebGpu);
    try {
      await using app = await openApp(withGpu, site);
      const { page } = app;
      expect(await page.textContent('#device-text')).toBe('Graphics');
      const small = await noisyPhoto(48, 40);
      await restoreFiles(page, [small]);
      const { bytes } = await downloadFrom(page, '#download');
      const expected = await restoredByCommand(small.buffer);
      expect(await largestDifference(bytes, expected)).toBeLessThanOrEqual(1);
    } finally {
      await withGpu.close();
    }
  }, 180_000);
});

/** Of the twelve that a photo of 900 x 600 has. */
async function tilesDone(page: Page): Promise<number> {
  const text = await page.locator('#progress-text').textContent();
  return Number(/^\d+/.exec(text ?? '')?.[0] ?? 0);
}

async function restoredByCommand(photo: Buffer): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'nanosd-app-'));
  try {
    await writeFile(join(folder, 'photo.png'), photo);
    const { code, stderr } = await nanosd(folder, 'restore', 'photo.png', '-o', 'out.png');
    expect([code, stderr]).toEqual([0, '']);
    return await readFile(join(folder, 'out.png'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function largestDifference(a: Buffer, b: Buffer): Promise<number> {
  const [one, other] = await Promise.all(
    [a, b].map((file) => sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true })),
  );
  expect([one.info.width, one.info.height]).toEqual([other.info.width, other.info.height]);
  return one.data.reduce((most, value, i) => Math.max(most, Math.abs(value - other.data[i])), 0);
}

async function meanColour(file: Buffer): Promise<number[]> {
  // Without conversion from the profile.
  const { data } = await sharp(file, { ignoreIcc: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const sums = [0, 0, 0];
  data.forEach((value, i) => (sums[i % 3] += value));
  return sums.map((sum) => (3 * sum) / data.length);
}

async function noisyPhoto(width: number, height: number): Promise<AppFile> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  const image = sharp({ create: { width, height, channels: 3, background: 'black', noise } });
  return { name: 'noisy.png', mimeType: 'image/png', buffer: await image.png().toBuffer() };
}

/** Of a wide-gamut camera that was held upright. */
function taggedJpeg(): Promise<Buffer> {
  return sharp({
    create: { width: 60, height: 40, channels: 3, background: { r: 240, g: 30, b: 20 } },
  })
    .withMetadata({ orientation: 6 })
    .withExifMerge({ IFD0: { Make: 'Acme' } })
    .withIccProfile('p3')
    .jpeg({ quality: 95 })
    .toBuffer();
}

async function axeViolations(page: Page): Promise<string[]> {
  const path = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await page.evaluate(await readFile(path, 'utf8'));
  return page.evaluate(async () => {
    interface Axe {
      run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
    }
    const { axe } = globalThis as { readonly axe?: Axe };
    if (!axe) throw new Error('expected axe');
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

/** A host that knows content types and nothing else. */
function plainServer() {
  const types: Readonly<Record<string, string>> = {
    '.html': 'text/html',
    '.css': 'text/css',
    '.js': 'text/javascript',
    '.svg': 'image/svg+xml',
    '.wasm': 'application/wasm',
    '.json': 'application/json',
  };
  return createServer((request, response) => {
    const path = request.url === '/' ? '/index.html' : (request.url ?? '');
    readFile(join(appFolder, path)).then(
      (body) =>
        response
          .writeHead(200, { 'Content-Type': types[extname(path)] ?? 'application/octet-stream' })
          .end(body),
      () => response.writeHead(404).end(),
    );
  });
}
