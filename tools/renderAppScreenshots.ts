// Renders docs/images/app-*.webp: the app with the example, on a desktop and on a phone.
// npx tsx tools/renderAppScreenshots.ts
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { BrowserContextOptions } from 'playwright-core';
import sharp from 'sharp';
import { launch, openApp, restoreFiles, serveApp } from '../test/app/appPage.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const buffer = await readFile(`${root}examples/harbour.png`);
const harbour = { name: 'harbour.png', mimeType: 'image/png', buffer };

const views: readonly (readonly [name: string, options: BrowserContextOptions])[] = [
  ['desktop', { viewport: { width: 1360, height: 850 }, colorScheme: 'light' }],
  [
    'phone',
    {
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 2,
      isMobile: true,
      hasTouch: true,
      colorScheme: 'dark',
    },
  ],
];

await using site = await serveApp();
const browser = await launch();
for (const [name, options] of views) {
  await using app = await openApp(browser, site, options);
  const { page } = app;
  await restoreFiles(page, [harbour]);
  await page.getByText('Works offline').waitFor();
  await page.waitForTimeout(500);
  const picture = await page.screenshot();
  await sharp(picture).webp({ quality: 92 }).toFile(`${root}docs/images/app-${name}.webp`);
}
await browser.close();
