import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  stagedUnetOf,
  stagedUnetParams,
  unetStagePrefix,
  type DenoisingNetwork,
  type StagedUnetConfig,
} from '../../models/index.js';
import { allSurrogates, stagePlace, surrogateName } from '../../distillation/index.js';
import { kindOf, ModelError } from '../../models/modelFiles-node.js';
import { weightsFileName } from '../../models/modelFolder-node.js';
import { withFiles } from '../../models/networkFolder-node.js';
import {
  cutUnet,
  inheritedKey,
  stageNames,
  teacherStages,
  type StageName,
  type Stages,
} from '../../surgery/index.js';
import { matchWeights, renameTensors, WeightsError, type Checkpoint } from '../../weights/index.js';
import { joinCheckpoints } from './joinCheckpoints.js';
import { identityOf } from '../quality/teacherSamples-node.js';

/** The teacher's U-Net as students are cut from it. */
export interface TeacherUnet {
  readonly config: StagedUnetConfig;
  readonly weights: Checkpoint;
}

/** A student: weights stay in the files of its surrogates and of its teacher. */
export interface AssembledStudent {
  readonly stages: Stages;
  readonly config: StagedUnetConfig;
  /** Under the names of the student's params, in their order. */
  readonly weights: Checkpoint;
}

/** A folder of surrogates whose files stay open until it is disposed of. */
export interface SurrogateFolder extends AsyncDisposable {
  readonly path: string;
  /**
   * The student of these stages: each stage's weights are its surrogate's; those of the teacher's own
   * options, and of what is no stage, are the teacher's.
   * @throws ModelError listing every surrogate that is not there; WeightsError for one that does not fit.
   */
  assemble(stages: Stages): Promise<AssembledStudent>;
  /** The names of the surrogates of the whole space, such as `E1-RA`, that are not there. */
  readonly missing: readonly string[];
  /** A digest of the weights of all surrogates, which are read. */
  identity(): Promise<string>;
}

/** The folder of a stage's surrogate; null for the teacher's own option, which needs none. */
function surrogateOf(stage: StageName, stages: Stages): string | null {
  const option = stages[stage];
  return option === teacherStages[stage] ? null : surrogateName({ stage, option });
}

/**
 * Opens a folder of surrogates, of which files are opened when they are first needed.
 * @throws ModelError when there is no such folder.
 */
export async function openSurrogates(path: string, teacher: TeacherUnet): Promise<SurrogateFolder> {
  if ((await kindOf(path)) !== 'folder') {
    throw new ModelError(
      `${path}: expected a folder of surrogates, such as nanosd distill writes, got none`,
    );
  }
  const present = new Set(await namesWithWeights(path));
  const missing = allSurrogates.map(surrogateName).filter((name) => !present.has(name));
  return withFiles((files) => {
    const opened = new Map<string, Promise<Checkpoint>>();
    const open = (name: string): Promise<Checkpoint> => {
      const known = opened.get(name) ?? files.open(join(path, name, weightsFileName));
      opened.set(name, known);
      return known;
    };
    return Promise.resolve({
      path,
      missing,
      identity: async () => {
        const names = allSurrogates.map(surrogateName).filter((name) => present.has(name));
        return identityOf(names, await Promise.all(names.map(open)));
      },
      assemble: async (stages: Stages) => {
        requirePresent(path, stages, present);
        return assemble(teacher, stages, open);
      },
    });
  });
}

/**
 * The student of these stages, as `SurrogateFolder.assemble`, for one student; dispose of it when its weights
 * have been read or mapped.
 */
export async function assembleStudent(
  teacher: TeacherUnet,
  surrogates: string,
  stages: Stages,
): Promise<AssembledStudent & AsyncDisposable> {
  const folder = await openSurrogates(surrogates, teacher);
  const close = (): PromiseLike<void> => folder[Symbol.asyncDispose]();
  try {
    return { ...(await folder.assemble(stages)), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The U-Net of a checkpoint as a teacher. */
export function teacherUnet(unet: {
  readonly network: DenoisingNetwork;
  readonly weights: Checkpoint;
}): TeacherUnet {
  return { config: stagedUnetOf(unet.network), weights: unet.weights };
}

async function namesWithWeights(path: string): Promise<readonly string[]> {
  const names = await readdir(path);
  const kinds = await Promise.all(names.map((name) => kindOf(join(path, name, weightsFileName))));
  return names.filter((_, i) => kinds[i] === 'file');
}

function requirePresent(path: string, stages: Stages, present: ReadonlySet<string>): void {
  const missing = stageNames.flatMap((stage) => {
    const name = surrogateOf(stage, stages);
    return name === null || present.has(name) ? [] : [name];
  });
  if (missing.length === 0) return;
  throw missingSurrogates(path, missing);
}

/** The error for surrogates that are not there. */
export function missingSurrogates(path: string, missing: readonly string[]): ModelError {
  const files = missing.map((name) => `${name}/${weightsFileName}`);
  return new ModelError(
    `${path}: expected the surrogate${missing.length > 1 ? 's' : ''} ${missing.join(', ')}, ` +
      `got no ${files.slice(0, 3).join(', ')}${files.length > 3 ? ', ...' : ''}`,
  );
}

async function assemble(
  teacher: TeacherUnet,
  stages: Stages,
  open: OpenSurrogate,
): Promise<AssembledStudent> {
  const config = cutUnet(teacher.config, stages, 'dropped');
  const params = stagedUnetParams(config);
  const inherited = new Set(params.map(({ name }) => name));
  const sources: Checkpoint[] = [];
  for (const stage of stageNames) {
    const surrogate = surrogateOf(stage, stages);
    if (surrogate === null) continue;
    const prefix = `${unetStagePrefix(config, stagePlace(stage))}.`;
    const own = params.filter(({ name }) => name.startsWith(prefix));
    for (const { name } of own) inherited.delete(name);
    sources.push(await surrogateWeights(surrogate, own, open));
  }
  const origins = Array.from(inherited, (name) => {
    return [name, { name: inheritedKey(teacher.config, config, name) }] as const;
  });
  sources.push(renameTensors(teacher.weights, new Map(origins)));
  const weights = joinCheckpoints(
    sources,
    params.map(({ name }) => name),
  );
  return { stages, config, weights };
}

type OpenSurrogate = (name: string) => Promise<Checkpoint>;

async function surrogateWeights(
  surrogate: string,
  params: Parameters<typeof matchWeights>[0],
  open: OpenSurrogate,
): Promise<Checkpoint> {
  const file = await open(surrogate);
  try {
    matchWeights(params, file.entries);
    return file;
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    const [{ file: path } = { file: surrogate }] = file.entries.values();
    throw new WeightsError(`${path}: ${error.message}`, { cause: error });
  }
}
