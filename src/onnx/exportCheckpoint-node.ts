import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Graph } from '../graph/index.js';
import {
  bytesOfTypes,
  componentsOf,
  diffusersVersion,
  jsonText,
  watchedSources,
  type ConfigFile,
  type PipelineToWrite,
  type Precision,
  type WriteControl,
} from '../models/index.js';
import type { WriteTokenizer } from '../models/writeCheckpoint-node.js';
import { castSourceTo, type TensorSource, type WeightDType } from '../weights/index.js';
import { replaceFolder } from '../weights/replace-folder-node.js';
import { exportGraphs, type ExportGraph, type ExportSize } from './exportGraphs.js';
import { writeOnnxModel } from './file-node.js';
import { toFloat16 } from './float16.js';

export interface ExportCheckpointOptions extends ExportSize, WriteControl {
  /** What networks compute in; inputs and outputs are float32 either way. */
  readonly precision: Precision;
  /** Replaces an export of that name, which otherwise is an error. */
  readonly overwrite?: boolean;
}

/** A model that was written, with the file of its weights if they are beside it. */
export interface ExportedFile {
  /** Relative to the export's folder. */
  readonly path: string;
  readonly bytes: number;
}

const modelFile = 'model.onnx';
const indexFile = 'model_index.json';

/** Encoding a model takes about three times its weights in memory; beside it, they go through one at a time. */
const largestInline = 2 ** 30;

/**
 * Writes the networks of a checkpoint as ONNX models of static shapes: `text_encoder/`, `unet/`, `vae_encoder/` and
 * `vae_decoder/`, each with a `model.onnx`, and the scheduler and vocabulary as they were. Weights beyond 1 GB
 * are in a file beside their model. The folder appears under its name when all of it is on disk.
 * @throws ConfigError for an impossible size; WeightsError when weights are beyond the range of float16, the folder
 * exists, or the system refuses.
 */
export async function exportCheckpoint(
  folder: string,
  pipeline: PipelineToWrite,
  writeTokenizer: WriteTokenizer | null,
  options: ExportCheckpointOptions,
): Promise<ExportedFile[]> {
  const components = componentsOf(pipeline);
  const parts = exportGraphs(pipeline, options).flatMap((part) => {
    const component = components.get(part.component);
    const graph = options.precision === 'float16' ? toFloat16(part.graph) : part.graph;
    return component ? [{ ...part, graph, component }] : [];
  });
  const totalBytes = bytesOfTypes(parts.flatMap(({ graph }) => graph.params));
  const watched = watchedSources(totalBytes, options);
  const written: string[] = [];
  const write = async (partial: string): Promise<void> => {
    for (const { folder: name, graph, component } of parts) {
      await mkdir(join(partial, name));
      await writeFile(join(partial, name, 'config.json'), jsonText(component.file));
      const isLarge = bytesOfTypes(graph.params) > largestInline;
      await writeOnnxModel(
        join(partial, name, modelFile),
        graph,
        watched(weightsFor(graph, component.weights), `${name}.`),
        { externalData: isLarge ? 'beside' : 'inline' },
      );
      written.push(join(name, modelFile), ...(isLarge ? [join(name, `${modelFile}.data`)] : []));
    }
    await mkdir(join(partial, 'scheduler'));
    const scheduler = jsonText(pipeline.schedulerFile);
    await writeFile(join(partial, 'scheduler', 'scheduler_config.json'), scheduler);
    await writeTokenizer?.(join(partial, 'tokenizer'));
    const index = indexOf(parts, pipeline.schedulerFile, writeTokenizer !== null);
    await writeFile(join(partial, indexFile), jsonText(index));
  };
  await replaceFolder(folder, write, options.overwrite ? { replaces: indexFile } : {});
  return Promise.all(
    written.map(async (path) => ({ path, bytes: (await stat(join(folder, path))).size })),
  );
}

/** As diffusers and Optimum look for it. */
function indexOf(
  parts: readonly Pick<ExportGraph, 'folder'>[],
  schedulerFile: ConfigFile,
  hasTokenizer: boolean,
): ConfigFile {
  const absent = [null, null];
  const models = parts.map(({ folder }) => [folder, ['diffusers', 'OnnxRuntimeModel']] as const);
  return {
    _class_name: 'OnnxStableDiffusionPipeline',
    _diffusers_version: diffusersVersion,
    ...Object.fromEntries(models),
    feature_extractor: absent,
    safety_checker: absent,
    requires_safety_checker: false,
    scheduler: ['diffusers', schedulerFile._class_name],
    tokenizer: hasTokenizer ? ['transformers', 'CLIPTokenizer'] : absent,
  };
}

/** The weights of a component that a graph asks for, in the dtypes that it asks for. */
function weightsFor({ params }: Graph, weights: TensorSource): TensorSource {
  const dtypes = new Map(params.map(({ name, dtype }) => [name, dtype as WeightDType]));
  const cast = castSourceTo(weights, dtypes);
  const entries = [...cast.entries].filter(([name]) => dtypes.has(name));
  return { entries: new Map(entries), read: (name) => cast.read(name) };
}
