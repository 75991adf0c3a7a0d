import { describe, expect, it } from 'vitest';
import { ldmNaming } from './ldmKeys.js';
import { componentClasses, networkParams, parseNetwork, type Network } from './network.js';
import { presets, presetNames } from './presets.js';

function naming(network: Network): (name: string) => string {
  return ldmNaming(network) ?? expect.fail(`no names for ${network.className}`);
}

describe('names of the original layout', () => {
  // Pairs as they are in the published single file of SD 1.5 and its conversion.
  it.each([
    ['conv_in.bias', 'input_blocks.0.0.bias'],
    ['time_embedding.linear_2.weight', 'time_embed.2.weight'],
    ['down_blocks.0.resnets.1.norm1.weight', 'input_blocks.2.0.in_layers.0.weight'],
    ['down_blocks.0.downsamplers.0.conv.bias', 'input_blocks.3.0.op.bias'],
    ['down_blocks.1.resnets.0.conv_shortcut.weight', 'input_blocks.4.0.skip_connection.weight'],
    ['down_blocks.2.attentions.1.proj_in.weight', 'input_blocks.8.1.proj_in.weight'],
    ['down_blocks.3.resnets.1.time_emb_proj.bias', 'input_blocks.11.0.emb_layers.1.bias'],
    ['mid_block.attentions.0.norm.bias', 'middle_block.1.norm.bias'],
    ['mid_block.resnets.1.conv2.weight', 'middle_block.2.out_layers.3.weight'],
    ['up_blocks.0.upsamplers.0.conv.weight', 'output_blocks.2.1.conv.weight'],
    ['up_blocks.1.upsamplers.0.conv.weight', 'output_blocks.5.2.conv.weight'],
    [
      'up_blocks.3.attentions.2.transformer_blocks.0.attn2.to_out.0.bias',
      'output_blocks.11.1.transformer_blocks.0.attn2.to_out.0.bias',
    ],
    ['conv_norm_out.weight', 'out.0.weight'],
    ['conv_out.weight', 'out.2.weight'],
  ])('has %s of the U-Net at %s', (name, original) => {
    const unet = parseNetwork(presets.sd15.unet, componentClasses.unet, 'unet');
    expect(naming(unet)(name)).toBe(`model.diffusion_model.${original}`);
  });

  it.each([
    ['quant_conv.bias', 'quant_conv.bias'],
    ['encoder.down_blocks.1.resnets.0.conv_shortcut.bias', 'encoder.down.1.block.0.nin_shortcut.bias'],
    ['encoder.down_blocks.2.downsamplers.0.conv.weight', 'encoder.down.2.downsample.conv.weight'],
    ['encoder.mid_block.attentions.0.to_out.0.weight', 'encoder.mid.attn_1.proj_out.weight'],
    ['encoder.mid_block.attentions.0.group_norm.bias', 'encoder.mid.attn_1.norm.bias'],
    ['encoder.conv_norm_out.weight', 'encoder.norm_out.weight'],
    ['decoder.mid_block.resnets.1.norm2.weight', 'decoder.mid.block_2.norm2.weight'],
    ['decoder.up_blocks.0.resnets.2.conv1.weight', 'decoder.up.3.block.2.conv1.weight'],
    ['decoder.up_blocks.2.upsamplers.0.conv.bias', 'decoder.up.1.upsample.conv.bias'],
  ])('has %s of the VAE at %s', (name, original) => {
    const vae = parseNetwork(presets.sd15.vae, componentClasses.vae, 'vae');
    expect(naming(vae)(name)).toBe(`first_stage_model.${original}`);
  });

  it.each(presetNames)('keeps all names of %s apart', (preset) => {
    const files = presets[preset];
    const networks: Network[] = [
      parseNetwork(files.unet, componentClasses.unet, 'unet'),
      parseNetwork(files.vae, componentClasses.vae, 'vae'),
    ];
    // sd-mini has learned prompts in its place.
    if (files.text_encoder) {
      networks.push(
        parseNetwork(files.text_encoder, componentClasses.text_encoder, 'text_encoder'),
      );
    }
    const names = networks.flatMap((network) =>
      networkParams(network).map(({ name }) => naming(network)(name)),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it('has no place for a TAESD', () => {
    const tiny = parseNetwork({ _class_name: 'AutoencoderTiny' }, componentClasses.vae, 'vae');
    expect(ldmNaming(tiny)).toBeUndefined();
  });
});
