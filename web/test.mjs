// Runs the tests beside the sources, *.test.ts, by Node's own test runner. Vite compiles them.
import { readdirSync } from 'node:fs';
import { runnerImport } from 'vite';

const sources = new URL('src/', import.meta.url);
for (const file of readdirSync(sources, { recursive: true })) {
  if (/\.test\.ts$/.test(file)) await runnerImport(new URL(file, sources).pathname, { logLevel: 'error' });
}
