import { continueGraph, GraphBuilder, type Graph } from '../../../graph/index.js';
import { discriminator, type DiscriminatorConfig } from '../../../models/index.js';
import { Random } from '../../../tensor/index.js';
import { adversarialLosses, type AdversarialKind } from '../../losses/adversarial.js';
import { initializeWeights } from '../initialize.js';
import type { DiscriminatorObjective } from '../objective.js';
import { restorerLoss, type RestorerLosses } from './loss.js';
import type { RestorerTraining } from './config.js';

export interface AdversarialTerm {
  readonly kind: AdversarialKind;
  readonly weight: number;
  readonly discriminator: DiscriminatorConfig;
}

/**
 * A restorer and its judge: outputs `loss`, the restorer's with the adversarial term, and `discriminator_loss`; the photograph, input
 * `target`, is what is real. Params of both.
 */
export function adversarialGraph(
  network: Graph,
  losses: RestorerLosses,
  { kind, weight, discriminator: config }: AdversarialTerm,
): Graph {
  const { builder: b, valueOf } = continueGraph({ ...network, taps: [] });
  const prediction = valueOf(network.outputs.out_sample);
  const { loss, photo } = restorerLoss(b, prediction, losses);
  const judge = discriminator(b, config);
  const players = adversarialLosses(b, kind, { real: judge(photo), made: judge(prediction) });
  return b.build({
    loss: b.add(loss, b.scale(players.generator, weight)),
    discriminator_loss: players.discriminator,
  });
}

/** What a config says of the judge, as the loop trains it. */
export function openDiscriminator(
  network: Graph,
  losses: RestorerLosses,
  { learning_rate, start_step, ...term }: NonNullable<RestorerTraining['adversarial']>,
  seed: number,
): DiscriminatorObjective {
  const { params } = discriminatorGraph(term.discriminator);
  return {
    graph: adversarialGraph(network, losses, term),
    params,
    // Other numbers than the network's own first weights.
    initialize: () => initializeWeights({ params }, Random.seeded(seed, 1), () => 1),
    startStep: start_step,
    learningRate: learning_rate,
  };
}

/** The judge alone, on the smallest picture that it takes. */
function discriminatorGraph(config: DiscriminatorConfig): Graph {
  const b = new GraphBuilder();
  return b.build({ real: discriminator(b, config)(b.input('picture', [1, 3, 16, 16])) });
}
