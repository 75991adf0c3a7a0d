import { z } from 'zod';
import { parseConfig } from '../../models/index.js';
import { alignmentTrainingSchema, type AlignmentTraining } from './alignment/config.js';
import { autoencoderDistillationSchema, type AutoencoderDistillation } from './tinyVae/config.js';
import { autoencoderTrainingSchema, type AutoencoderTraining } from './autoencoder/config.js';
import {
  familyRestorerTrainingSchema,
  type FamilyRestorerTraining,
} from './familyRestorer/config.js';
import { restorerTrainingSchema, type RestorerTraining } from './restorer/config.js';
import { unetTrainingSchema, type UnetTraining } from './unet/config.js';

/** What `nanosd train config.yaml` reads; which it is, `model._class_name` says. */
export type TrainingConfig =
  | RestorerTraining
  | FamilyRestorerTraining
  | AutoencoderTraining
  | AutoencoderDistillation
  | UnetTraining
  | AlignmentTraining;

/** The networks that can be trained. */
export type TrainedClass = TrainingConfig['model']['_class_name'];

/** A config of one of them. */
export type TrainingOf<C extends TrainedClass> = Extract<
  TrainingConfig,
  { readonly model: { readonly _class_name: C } }
>;

const schemas: {
  readonly [C in TrainedClass]: (path: z.ZodType<string>) => z.ZodType<TrainingOf<C>>;
} = {
  OneStepRestorer: restorerTrainingSchema,
  NanoSDRestorer: familyRestorerTrainingSchema,
  AutoencoderKL: autoencoderTrainingSchema,
  NanoSDAutoencoder: autoencoderDistillationSchema,
  UNet2DConditionModel: unetTrainingSchema,
  NanoSDUNet2DConditionModel: alignmentTrainingSchema,
};

const headSchema = z.looseObject({
  model: z.looseObject({ _class_name: z.enum(Object.keys(schemas) as TrainedClass[]) }),
});

/**
 * Parses a training config; `resolvePath` makes what it does of the paths in it.
 * @throws ConfigError with a line for every wrong key: `SOURCE: KEY: expected ..., got ...`.
 */
export function parseTrainingConfig(
  value: unknown,
  source: string,
  resolvePath: (path: string) => string = (path) => path,
): TrainingConfig {
  const { model } = parseConfig(headSchema, value, source);
  const schema: z.ZodType<TrainingConfig> = schemas[model._class_name](
    z.string().transform(resolvePath),
  );
  return parseConfig(schema, value, source);
}

/** Whether a config trains that class of network. */
export function trains<C extends TrainedClass>(
  config: TrainingConfig,
  className: C,
): config is TrainingOf<C> {
  return config.model._class_name === className;
}
