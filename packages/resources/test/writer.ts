import { atomicWrite } from '../src/index.ts';

const [path = '', mode = 'loop'] = process.argv.slice(2);

if (mode === 'loop') {
  for (let version = 1; ; version += 1) {
    const line = `version ${version}\n`;
    await atomicWrite(
      path,
      Array.from({ length: 2_000 }, () => line),
    );
    if (version === 1) process.stdout.write('written\n');
  }
} else {
  await atomicWrite(path, new Uint8Array(4 * 2 ** 20)).catch((error: Error & { cause?: unknown }) => {
    process.stdout.write(`${error.name} ${error.message}`);
  });
}
