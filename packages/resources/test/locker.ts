import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockFile } from '../src/index.ts';

/** Counts under a lock until it is killed: what two holders at once would do shows as a number logged twice. */
const [folder = '', rounds = 'Infinity'] = process.argv.slice(2);
process.stdout.write('started\n');

for (let round = 0; round < Number(rounds); round += 1) {
  await using _lock = await lockFile(join(folder, 'count.lock'), { waitMs: 60_000 });
  const count = Number(await readFile(join(folder, 'count'), 'utf8'));
  await sleep(Math.random() * 2);
  await writeFile(join(folder, 'count.new'), String(count + 1));
  await rename(join(folder, 'count.new'), join(folder, 'count')); // a kill leaves a whole number
  await appendFile(join(folder, 'log'), `${count + 1} ${process.pid}\n`);
}
