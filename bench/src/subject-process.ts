import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answers, Reply, Request } from './worker.ts';

const worker = fileURLToPath(new URL('worker.ts', import.meta.url));

/** A subject in a process of its own: its memory can be told, and its garbage is collected on no other's clock. */
export class SubjectProcess implements AsyncDisposable {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(file: string, name: string) {
    this.name = name;
    this.#child = fork(worker, [file, name], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#ended = once(this.#child, 'exit');
  }

  /** @throws {Error} When the subject fails or never settles, naming it. */
  async ask<Kind extends Request['kind']>(request: Request & { kind: Kind }): Promise<Answers[Kind]> {
    const replied: Promise<Reply<Kind>> = once(this.#child, 'message').then(([reply]) => reply);
    const ended = this.#ended.then(() => ({ failure: 'its process ended before it had a result' }));
    this.#child.send(request, () => {}); // when it cannot be sent, the process has ended
    const reply = await Promise.race([replied, ended]);
    if ('failure' in reply) throw new Error(`${this.name}: ${reply.failure}`);
    return reply.answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }
}
