/** What `nanosd serve` was told. */
export interface ServeFlags {
  readonly host: string;
  readonly port: number;
  readonly model?: readonly string[];
  readonly device: string;
  readonly threads?: number;
  readonly tile?: number;
  readonly maxMemory?: number;
  readonly concurrency: number;
  readonly queueLimit: number;
  readonly maxBytes: number;
  readonly maxPixels: number;
  readonly maxResultPixels: number;
  readonly timeout: number;
  readonly keep: number;
  readonly keepBytes: number;
  readonly drain: number;
  readonly allowOrigin?: readonly string[];
  readonly redis?: string;
  readonly json: boolean;
}
