import { basename } from "node:path";

/**
 * Files in which long random names stand beside words like `key` and `token` by the thousand: what package managers
 * and bundlers write. There only what has a mark of its own counts.
 */
const GENERATED_NAMES = new Set([
  "package-lock.json",
  "npm-shrinkwrap.json",
  "yarn.lock",
  "pnpm-lock.yaml",
  "bun.lock",
  "bun.lockb",
  "composer.lock",
  "Gemfile.lock",
  "Cargo.lock",
  "poetry.lock",
  "uv.lock",
  "Pipfile.lock",
  "pdm.lock",
  "go.sum",
  "flake.lock",
  "mix.lock",
  "pubspec.lock",
  "Podfile.lock",
  "gradle.lockfile",
  "packages.lock.json",
  "deno.lock",
]);
const GENERATED_ENDINGS = /\.(?:min\.(?:js|css|mjs)|map|sum|lock|sha\d+|svg)$/i;

export function isGeneratedFile(path: string): boolean {
  return GENERATED_NAMES.has(basename(path)) || GENERATED_ENDINGS.test(path);
}

const BUNDLED = /\.(?:[cm]?js|css|html?)$/i;
const LONG_LINE_BYTES = 1500;
const LOOKED_AT_BYTES = 16_384;
const LINE_FEED = 0x0a;

/** Whether the beginning of a script or style sheet has lines that no person writes. */
export function isMinified(path: string, start: Uint8Array): boolean {
  if (!BUNDLED.test(path)) return false;
  const size = Math.min(start.length, LOOKED_AT_BYTES);
  // Back from the furthest place where a line may end: lines in between are passed over.
  for (let lineStart = 0; lineStart + LONG_LINE_BYTES < size;) {
    let at = lineStart + LONG_LINE_BYTES;
    while (at >= lineStart && start[at] !== LINE_FEED) at--;
    if (at < lineStart) return true;
    lineStart = at + 1;
  }
  return false;
}

/** Compressed and encoded contents, in which no text can stand. */
const PACKED =
  /\.(?:png|jpe?g|gif|webp|avif|ico|heic|bmp|tiff?|mp[34]|m4[av]|mov|avi|mkv|webm|ogg|flac|wav|woff2?|ttf|otf|eot|zip|gz|tgz|bz2|xz|zst|br|7z|rar|lz4|jar|war|whl|apk|dmg|iso|pdf|docx|xlsx|pptx|odt|wasm|pyc|class|o|a|so|dll|dylib|exe|node|pack|idx|parquet|safetensors|gguf|onnx|pt|npy|npz)$/i;

export function isPackedFile(path: string): boolean {
  return PACKED.test(path);
}
