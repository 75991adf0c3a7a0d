import { createCamera } from './camera.js';
import { createComparison } from './comparison.js';
import { byId } from './dom.js';
import { createEngine } from './engine.js';
import { bindIntake } from './intake.js';
import { droppedEntry, fetchModels, isModelFile } from './models.js';
import { messageOf, showNotice } from './notices.js';
import { keepForOffline, type OfflineState } from './offline.js';
import { startRestoreClient } from './restoreClient.js';
import { createSettingsPanel } from './settings.js';
import { createWorkbench } from './workbench.js';

const offlineTexts: Readonly<Record<OfflineState, string>> = {
  unsupported: 'Nothing is uploaded.',
  saving: 'Nothing is uploaded.',
  ready: 'Nothing is uploaded. Works offline.',
};

async function start(): Promise<void> {
  const client = startRestoreClient();
  const engine = createEngine(client);
  const models = await fetchModels();
  const comparison = createComparison();
  const panel = createSettingsPanel(models, (settings, changed) => {
    if (changed === 'device' || changed === 'model' || changed === 'task') open();
    workbench.refresh();
  });
  const workbench = createWorkbench({ client, engine, comparison, panel });
  const camera = createCamera({ client, engine, comparison, panel });
  const open = (): void => {
    engine.open(panel.modelEntry(), panel.current.device).catch((error: unknown) => {
      showNotice(messageOf(error));
    });
  };

  const addPhotos = (files: readonly File[]): void => {
    setMode('photos');
    camera.stop();
    void workbench.add(files);
  };
  const addModel = async (file: File): Promise<void> => {
    const entry = droppedEntry(file);
    const { scale, task } = await engine.open(entry, panel.current.device);
    panel.add({ ...entry, scale, task });
  };
  bindIntake((files) => {
    const photos = files.filter((file) => !isModelFile(file));
    for (const file of files.filter(isModelFile)) {
      addModel(file).catch((error: unknown) => showNotice(messageOf(error)));
    }
    if (photos.length > 0) addPhotos(photos);
  });
  byId('example', HTMLButtonElement).addEventListener('click', () => {
    void fetchExample().then((file) => addPhotos([file]));
  });
  byId('mode-photos', HTMLButtonElement).addEventListener('click', () => {
    camera.stop();
    setMode('photos');
    void workbench.showSelected();
  });
  byId('mode-camera', HTMLButtonElement).addEventListener('click', () => {
    setMode('camera');
    void camera.start();
  });
  void keepForOffline(
    (state) => (byId('offline-text', HTMLElement).textContent = offlineTexts[state]),
    () => workbench.isEmpty,
  );
  await engine.listDevices(panel.current.device);
  open();
}

type Mode = 'photos' | 'camera';

function setMode(mode: Mode): void {
  const isCamera = mode === 'camera';
  byId('mode-photos', HTMLElement).ariaPressed = String(!isCamera);
  byId('mode-camera', HTMLElement).ariaPressed = String(isCamera);
  document.body.dataset.mode = mode;
  byId('camera-group', HTMLElement).hidden = !isCamera;
  byId('scale-group', HTMLElement).hidden = isCamera;
  byId('file-group', HTMLElement).hidden = isCamera;
}

async function fetchExample(): Promise<File> {
  const response = await fetch(new URL('../examples/harbour.png', import.meta.url));
  return new File([await response.blob()], 'harbour.png', { type: 'image/png' });
}

start().catch((error: unknown) => showNotice(messageOf(error)));
