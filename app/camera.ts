// The camera's picture, restored frame by frame.
import type { Comparison } from './comparison.js';
import { byId, create } from './dom.js';
import type { Engine } from './engine.js';
import { messageOf, showNotice } from './notices.js';
import { formatSize } from './photos.js';
import type { RestoreClient } from './restoreClient.js';
import type { Settings, SettingsPanel } from './settings.js';

export interface Camera {
  start(): Promise<void>;
  stop(): void;
}

export interface CameraParts {
  readonly client: RestoreClient;
  readonly engine: Engine;
  readonly comparison: Comparison;
  readonly panel: SettingsPanel;
}

export function createCamera(parts: CameraParts): Camera {
  let session: AbortController | null = null;
  return {
    async start() {
      session?.abort();
      const own = (session = new AbortController());
      showNotice(null);
      try {
        await run(parts, own.signal);
      } catch (error) {
        if (!own.signal.aborted) showNotice(cameraProblem(error));
      }
    },
    stop() {
      session?.abort();
      session = null;
      byId('readout', HTMLElement).hidden = true;
    },
  };
}

/** Until the signal; one frame is restored at a time, always the newest. */
async function run(parts: CameraParts, signal: AbortSignal): Promise<void> {
  // Browsers do not offer it then.
  if (!isSecureContext) throw new Error('The camera needs HTTPS, or this page on localhost.');
  const constraints = { video: { facingMode: 'environment', width: { ideal: 1280 } } };
  const stream = await navigator.mediaDevices.getUserMedia(constraints);
  const stop = (): void => stream.getTracks().forEach((track) => track.stop());
  signal.addEventListener('abort', stop, { once: true });
  try {
    await restoreStream(parts, stream, signal);
  } finally {
    // Its light must not stay on.
    stop();
  }
}

async function restoreStream(
  parts: CameraParts,
  stream: MediaStream,
  signal: AbortSignal,
): Promise<void> {
  const { engine, panel } = parts;
  const video = document.createElement('video');
  video.srcObject = stream;
  video.muted = true;
  video.playsInline = true;
  await video.play();
  byId('empty', HTMLElement).hidden = true;
  byId('viewer', HTMLElement).hidden = false;
  let shape = '';
  const meter = createMeter();
  while (!signal.aborted) {
    await engine.open(panel.modelEntry(), panel.current.device);
    const start = performance.now();
    const { ms, size } = await restoreFrame(parts, video, shape, signal);
    shape = `${size.width}x${size.height}`;
    meter.show(performance.now() - start, ms, size);
    await nextFrame();
  }
}

interface ShownFrame {
  readonly ms: number;
  readonly size: { readonly width: number; readonly height: number };
}

async function restoreFrame(
  { client, comparison, panel }: CameraParts,
  video: HTMLVideoElement,
  shape: string,
  signal: AbortSignal,
): Promise<ShownFrame> {
  const frame = await grabFrame(video, panel.current);
  const before = await createImageBitmap(frame);
  const { bitmap, ms } = await client.call('restoreFrame', frame, { signal, transfer: [frame] });
  const size = { width: bitmap.width, height: bitmap.height };
  const placement = shape === `${size.width}x${size.height}` ? 'stay' : 'fill';
  comparison.show({ before, after: bitmap, size }, placement);
  return { ms, size };
}

/** The part of the camera's picture that is used, in as many pixels as are asked for. */
function grabFrame(
  video: HTMLVideoElement,
  { view, frameSide }: Pick<Settings, 'view' | 'frameSide'>,
): Promise<ImageBitmap> {
  const { videoWidth, videoHeight } = video;
  const shrink = Math.min(1, frameSide / Math.max(videoWidth, videoHeight));
  const [width, height] = [videoWidth, videoHeight].map((side) =>
    Math.max(8, Math.round(side * shrink)),
  );
  if (view === 'whole') {
    return createImageBitmap(video, {
      resizeWidth: width,
      resizeHeight: height,
      resizeQuality: 'high',
    });
  }
  const left = Math.floor((videoWidth - width) / 2);
  const top = Math.floor((videoHeight - height) / 2);
  return createImageBitmap(video, left, top, width, height);
}

interface Meter {
  show(latency: number, network: number, size: ShownFrame['size']): void;
}

/** Frames a second over the last second; the latency is from taking a frame to showing it. */
function createMeter(): Meter {
  const readout = byId('readout', HTMLElement);
  const times: number[] = [];
  let shown = 0;
  return {
    show(latency, network, { width, height }) {
      const now = performance.now();
      times.push(now);
      while (times.length > 2 && now - times[0] > 1000) times.shift();
      if (now - shown < 250 || times.length < 2) return;
      shown = now;
      const rate = (1000 * (times.length - 1)) / (now - times[0]);
      readout.hidden = false;
      const details = `, ${Math.round(network)} ms of it the network · ${formatSize(width, height)}`;
      readout.replaceChildren(
        `${rate.toFixed(1)} frames/s · ${Math.round(latency)} ms latency`,
        create('span', { className: 'detail' }, details),
      );
    },
  };
}

function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => resolve()));
}

function cameraProblem(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError')
    return 'The camera is not allowed; the browser’s settings for this page change that.';
  if (name === 'NotFoundError') return 'No camera was found.';
  return messageOf(error);
}
