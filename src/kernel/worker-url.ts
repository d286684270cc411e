import { pathToFileURL } from "node:url";

/**
 * Where the code of a worker thread is; `path` is below `src` and without its ending: `store/sqlite/worker`. In the
 * single executable it lies beside the main module by that path, so the build must list each worker as an entry point
 * under the root `src`. There `import.meta.url` may be the path on the machine that built it, and only the main
 * module's path says where to look.
 */
export function workerUrl(path: string): URL {
  const isExecutable = /^(?:\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/.test(Bun.main);
  return isExecutable
    ? new URL(`${path}.js`, pathToFileURL(Bun.main))
    : new URL(`../${path}.ts`, import.meta.url);
}
