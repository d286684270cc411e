export * from "./detect.ts";
export { matchesSegment, PROJECT_FILES, type ProjectFile, projectFileOf } from "./files/project.ts";
export type { FileFormat, FilePurpose, ToolFile } from "./files/tool-file.ts";
export * from "./key-variables.ts";
export type { Machine } from "./machine.ts";
export { toolName, TOOLS, type ToolPlaces } from "./places.ts";
export { toolFiles } from "./tool-files.ts";
