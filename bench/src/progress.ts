const clearLine = '\r\u001B[K';

export interface Progress {
  show(topic: string, step?: string): void;
  clear(): void;
}

/** Says what a long run is doing: one line that changes in a terminal, one line for each topic elsewhere. */
export function createProgress(stream: { isTTY: boolean; columns: number; write(text: string): unknown }): Progress {
  let shown = '';
  return {
    show(topic, step) {
      const line = step === undefined ? topic : `${topic}: ${step}`;
      if (stream.isTTY) stream.write(clearLine + line.slice(0, stream.columns - 1));
      else if (topic !== shown) stream.write(`${topic}\n`);
      shown = topic;
    },
    clear() {
      if (stream.isTTY) stream.write(clearLine);
    },
  };
}
