import type { Writable } from 'node:stream';

/** One line each about what a server does. */
export type Log = (event: LogEvent) => void;

export interface LogEvent {
  readonly level: 'info' | 'error';
  readonly message: string;
  /** What else there is to know, in order. */
  readonly fields?: Readonly<Record<string, string | number>>;
}

/** Lines for people, or JSON for programs, with the time of each. */
export function createLog(stream: Writable, json: boolean): Log {
  return ({ level, message, fields = {} }) => {
    const time = new Date().toISOString();
    stream.write(
      json
        ? `${JSON.stringify({ time, level, message, ...fields })}\n`
        : `${time} ${level === 'error' ? 'error: ' : ''}${message}${describe(fields)}\n`,
    );
  };
}

function describe(fields: Readonly<Record<string, string | number>>): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${quoted(String(value))}`)
    .join('');
}

/** A client's words must not look like ours. */
function quoted(value: string): string {
  return /^[\w.:/+%-]+$/.test(value) ? value : JSON.stringify(value);
}
