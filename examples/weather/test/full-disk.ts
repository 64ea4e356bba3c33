// Loaded before the example: the disk is full, so that every write to a file fails as the kernel would fail it.
import { constants } from 'node:os';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const probe = await fs.open(join(tmpdir(), `full-disk-${process.pid}`), 'w');
const handle: { write: unknown; writeFile: unknown } = Object.getPrototypeOf(probe);
await probe.close();
await fs.rm(join(tmpdir(), `full-disk-${process.pid}`));

const refuse = async (): Promise<never> => {
  const error = new Error('ENOSPC: no space left on device, write');
  throw Object.assign(error, { code: 'ENOSPC', errno: -constants.errno.ENOSPC, syscall: 'write' });
};
handle.write = refuse;
handle.writeFile = refuse;
