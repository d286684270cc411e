/** How what belongs to one adoption is told from the rest: its changes, and the virtual keys that its files hold. */

const TOOL = /^adopt:(.+)$/;
const PURPOSE = /^adoption (.+)$/;

/** The `tool` of its changes. */
export function changesOf(adoption: string): string {
  return `adopt:${adoption}`;
}

/** `undefined` for changes that no adoption made. */
export function adoptionOfChange(tool: string): string | undefined {
  return TOOL.exec(tool)?.[1];
}

/** The purpose of its virtual keys. */
export function adoptionPurpose(adoption: string): string {
  return `adoption ${adoption}`;
}

export function adoptionOfPurpose(purpose: string | null): string | undefined {
  return PURPOSE.exec(purpose ?? "")?.[1];
}
