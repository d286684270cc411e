export const MANIFEST_NAME = "manifest.json";

/** The `name` field of a tar header. */
const MAX_NAME_BYTES = 100;
const MAX_DEPTH = 8;

/**
 * True for the names that an archive may hold: relative, `/` between plain components of ASCII letters, digits and
 * `._@+=, -`; no `.`, no `..`, no hidden name, nothing that a system could read as a drive, a stream or a device.
 */
export function isArchiveName(name: string): boolean {
  const components = name.split("/");
  return (
    name.length <= MAX_NAME_BYTES &&
    components.length <= MAX_DEPTH &&
    components.every(
      (component) => /^[A-Za-z0-9_][A-Za-z0-9._@+=, -]*$/.test(component) && !/[. ]$/.test(component),
    )
  );
}
