import { spawnSync } from 'node:child_process';

/** Whether exiftool is installed: another reader than the library that wrote the files. */
export const exiftool = spawnSync('exiftool', ['-ver']).status === 0;
