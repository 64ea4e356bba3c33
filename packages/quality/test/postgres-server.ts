import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';

/** Where Debian keeps them, the newest version first, after what is in PATH. */
const debian = '/usr/lib/postgresql';
const places = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  ...(existsSync(debian) ? readdirSync(debian) : [])
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(debian, version, 'bin')),
];
const bin = places.find((place) => existsSync(join(place, 'initdb')) && existsSync(join(place, 'postgres')));
const required = (process.env['DEX_REQUIRE'] ?? '').split(',').includes('postgres');

/** Why there is no PostgreSQL to test against; `undefined` where there is one, or where there has to be. */
export const noPostgres = bin === undefined && !required ? `no initdb and postgres in PATH or ${debian}` : undefined;

export interface PostgresServer extends AsyncDisposable {
  /** For a client of pg: a socket in a folder of the server's own, as a user without a password. */
  readonly config: { readonly host: string; readonly user: string; readonly database: string };
  readonly child: ChildProcess;
}

/** A server of its own, which keeps nothing once it is stopped. */
export async function startPostgres(): Promise<PostgresServer> {
  if (bin === undefined) throw new Error(`DEX_REQUIRE asks for postgres, but it is not in PATH or ${debian}.`);
  const folder = mkdtempSync(join(tmpdir(), 'dex-postgres-'));
  // PostgreSQL refuses to run as root.
  const isRoot = userInfo().uid === 0;
  const as = isRoot ? nobody() : undefined;
  if (as !== undefined) chownSync(folder, as.uid, as.gid);
  const data = join(folder, 'data');
  const env = { ...process.env, TZ: 'UTC', LC_ALL: 'C' };
  const init = spawnSync(
    join(bin, 'initdb'),
    [
      '--pgdata',
      data,
      '--no-sync',
      '--auth=trust',
      '--username=dex',
      '--encoding=UTF8',
      '--no-locale',
      '--no-instructions',
    ],
    { ...as, env, cwd: folder, encoding: 'utf8' },
  );
  if (init.status !== 0) throw new Error(`initdb failed:\n${init.stdout}${init.stderr}`);
  const settings = [
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'listen_addresses=',
    'max_connections=20',
  ];
  const args = ['-D', data, '-k', folder, ...settings.flatMap((setting) => ['-c', setting])];
  const child = spawn(join(bin, 'postgres'), args, { ...as, env, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  let output = '';
  for await (const chunk of child.stderr.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    if (output.includes('ready to accept connections')) break;
  }
  if (child.exitCode !== null) throw new Error(`postgres ended:\n${output}`);
  child.stderr.resume();
  return {
    config: { host: folder, user: 'dex', database: 'postgres' },
    child,
    async [Symbol.asyncDispose]() {
      // At once, with the processes of its connections, which a kill would leave behind.
      child.kill('SIGQUIT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function nobody(): { readonly uid: number; readonly gid: number } {
  const of = (...args: readonly string[]): number => Number(spawnSync('id', args, { encoding: 'utf8' }).stdout);
  const user = spawnSync('id', ['-u', 'postgres']).status === 0 ? 'postgres' : 'nobody';
  return { uid: of('-u', user), gid: of('-g', user) };
}
