import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The example as a process of its own, started as `npm start` starts it. */
export interface WeatherProcess {
  readonly child: ChildProcess;
  /** What it has printed so far, to both outputs. */
  output(): string;
  /** Resolves when the output matches. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves when it has ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; output: string }>;
}

export interface StartOptions {
  readonly data: string;
  readonly nodeArgs?: readonly string[];
  readonly uid?: number;
}

export function startWeather(args: readonly string[], { data, nodeArgs = [], uid }: StartOptions): WeatherProcess {
  const main = join(import.meta.dirname, '../src/main.ts');
  const node = ['--import', 'tsx', '--conditions=@dataenginex/source', ...nodeArgs];
  const child = spawn(process.execPath, [...node, main, '--data', data, ...args], {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
    ...(uid !== undefined && { uid, gid: uid }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      child.emit('printed');
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, output }));
  return {
    child,
    output: () => output,
    ended,
    async printed(pattern) {
      for (;;) {
        const found = pattern.exec(output);
        if (found) return found;
        const last = await Promise.race([once(child, 'printed'), ended]);
        if (!Array.isArray(last) && !pattern.test(output)) throw new Error(`Ended without ${pattern}:\n${output}`);
      }
    },
  };
}
