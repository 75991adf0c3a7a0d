// The package's own declarations leave file endings out of their imports, which TypeScript resolves only for
// bundlers. These are the parts used here.
declare module '@huggingface/tokenizers' {
  export class Tokenizer {
    /** Both as the files of those names hold them: `tokenizer.json`, `tokenizer_config.json`. */
    constructor(tokenizer: object, config: object);
    encode(
      text: string,
      options: { readonly add_special_tokens: boolean },
    ): { readonly ids: number[]; readonly tokens: string[] };
    decode(ids: number[]): string;
  }
}
