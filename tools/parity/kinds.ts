import { checkAutoencoderKl } from './autoencoderKl.js';
import { checkAutoencoderTiny } from './autoencoderTiny.js';
import type { CheckCase } from './check.js';
import { checkClipText } from './clipText.js';
import { checkDegradations } from './degradations.js';
import { checkDepthMetrics } from './depthMetrics.js';
import { checkImageMetrics } from './imageMetrics.js';
import { checkManifests } from './manifests.js';
import { checkOptimizers } from './optimizers.js';
import { checkTokenizer } from './tokenizer.js';
import { checkSchedulers } from './schedulers.js';
import { checkUnetForward } from './unetForward.js';

/** The case kinds that can be checked, by the `kind` of their case.json. */
export const kinds: Readonly<Record<string, CheckCase>> = {
  autoencoder_kl: checkAutoencoderKl,
  autoencoder_tiny: checkAutoencoderTiny,
  adamw_without_network: checkOptimizers,
  diffusion_schedulers: checkSchedulers,
  clip_bpe_tokenizer: checkTokenizer,
  clip_text_encoder: checkClipText,
  full_size_tensor_manifests: checkManifests,
  image_quality_metrics_and_resize: checkImageMetrics,
  marigold_depth_evaluation: checkDepthMetrics,
  real_esrgan_degradation_pieces: checkDegradations,
  unet_forward: checkUnetForward,
};
