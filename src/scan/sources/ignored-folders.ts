/**
 * Folders that hold other people's code, what was built from one's own, and caches. Nobody writes a key into them by
 * hand; what a build copies in stands in its source as well. A path that is named on the command line is looked at
 * whatever its name.
 */
const ALWAYS = new Set([
  "node_modules",
  "bower_components",
  "jspm_packages",
  ".pnpm-store",
  "site-packages",
  "__pycache__",
  ".venv",
  ".tox",
  ".nox",
  ".mypy_cache",
  ".pytest_cache",
  ".ruff_cache",
  ".ipynb_checkpoints",
  ".gradle",
  ".m2",
  ".rustup",
  ".cargo",
  ".npm",
  ".bun",
  ".next",
  ".nuxt",
  ".svelte-kit",
  ".turbo",
  ".parcel-cache",
  ".nyc_output",
  ".terraform",
  ".cache",
  "Caches",
  "DerivedData",
  "Pods",
  "GPUCache",
  "Code Cache",
  "CachedData",
]);

/** Ordinary words: such a folder is a build output only beside one of the files that build it. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  dist: ["package.json", "pyproject.toml", "setup.py"],
  build: [
    "package.json",
    "pyproject.toml",
    "setup.py",
    "build.gradle",
    "build.gradle.kts",
    "CMakeLists.txt",
    "pubspec.yaml",
  ],
  out: ["package.json", "tsconfig.json", "CMakeLists.txt"],
  coverage: ["package.json"],
  target: ["Cargo.toml", "pom.xml", "build.sbt"],
  vendor: ["go.mod", "composer.json", "Gemfile"],
  venv: ["pyproject.toml", "requirements.txt", "setup.py"],
  env: ["requirements.txt", "setup.py"],
  bin: ["go.mod"],
  obj: ["packages.lock.json"],
};

/** @param siblings what stands beside the folder, by name */
export function isIgnoredFolder(name: string, siblings: ReadonlySet<string>): boolean {
  if (ALWAYS.has(name)) return true;
  return Object.hasOwn(BESIDE, name) && (BESIDE[name] ?? []).some((file) => siblings.has(file));
}
