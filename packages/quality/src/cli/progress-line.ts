import type { InputProgress } from './rows-of-files.ts';
import { duration, thousands } from '../report/words.ts';

/** Where a line of progress is drawn: a terminal. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

const barWidth = 24;

/** A line that says how far the work is, once it takes longer than a second; nothing where there is no terminal. */
export class ProgressLine {
  readonly #screen: Screen;
  readonly #start = performance.now();
  #isDrawn = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  show(what: string, progress: InputProgress): void {
    if (this.#screen.isTTY !== true || performance.now() - this.#start < 1000) return;
    this.#screen.write(`\r\u001B[K${progressText(what, progress)}`);
    this.#isDrawn = true;
  }

  clear(): void {
    if (this.#isDrawn) this.#screen.write('\r\u001B[K');
    this.#isDrawn = false;
  }
}

/** `█████░░░  62%  120 MB of 193 MB  45 MB/s  2 s left  days.csv` */
export function progressText(what: string, { done, total, unit, perSecond, remainingMs }: InputProgress): string {
  const amount = unit === 'bytes' ? bytes : (count: number): string => `${thousands(Math.round(count))} rows`;
  const rate = `${amount(perSecond)}/s`;
  if (total === undefined || total === 0) return `${amount(done)}  ${rate}  ${what}`;
  const share = Math.min(done / total, 1);
  const filled = Math.round(share * barWidth);
  const left = remainingMs === undefined ? '' : `  ${duration(Math.max(remainingMs, 1))} left`;
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  return `${bar}  ${Math.floor(share * 100)}%  ${amount(done)} of ${amount(total)}  ${rate}${left}  ${what}`;
}

function bytes(count: number): string {
  if (count < 1e6) return `${Math.round(count / 1e3)} kB`;
  return count < 1e9 ? `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} MB` : `${(count / 1e9).toFixed(2)} GB`;
}
