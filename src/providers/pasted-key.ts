import type { KeyProblem } from "./key-problem.ts";

/** Takes off what gets pasted along with a key, one layer after another; each gives one warning. */
export function unwrapPasted(pasted: string): { value: string; problems: KeyProblem[] } {
  const problems: KeyProblem[] = [];
  let value = pasted;
  for (const layer of LAYERS) {
    const inner = layer.take(value);
    if (inner === value) continue;
    value = inner;
    if (!problems.some(({ code }) => code === layer.code)) problems.push(layerProblem(layer));
  }
  return { value, problems };
}

interface Layer {
  readonly code: "surrounding_space" | "quotes" | "bearer_prefix" | "assignment" | "inner_space";
  readonly what: string;
  take(value: string): string;
}

const SPACE: Layer = {
  code: "surrounding_space",
  what: "white space or line ends around the key",
  take: (value) => value.trim(),
};

const QUOTES: Layer = {
  code: "quotes",
  what: "quotes around the key",
  take: (value) => /^(["'`])([^"'`]*)\1[,;]?$/.exec(value)?.[2] ?? value,
};

const BEARER: Layer = {
  code: "bearer_prefix",
  what: 'the name of a header or "Bearer " before the key',
  take: (value) =>
    value.replace(/^(?:(?:authorization|x-api-key|api-key|x-goog-api-key): *)?(?:bearer +)?/i, ""),
};

const ASSIGNMENT: Layer = {
  code: "assignment",
  what: "the name of a variable before the key",
  take: (value) => value.replace(/^(?:export +)?[A-Z][A-Z0-9_]{2,60}=/, ""),
};

const WRAPPED: Layer = {
  code: "inner_space",
  what: "line ends inside the key",
  take: (value) => value.replace(/[ \t]*[\r\n]+[ \t]*/g, ""),
};

/** The order in which things get wrapped around a key: `export NAME="Bearer …"`. */
const LAYERS: readonly Layer[] = [SPACE, ASSIGNMENT, QUOTES, SPACE, BEARER, QUOTES, SPACE, WRAPPED];

function layerProblem(layer: Layer): KeyProblem {
  return {
    severity: "warn",
    code: layer.code,
    message: `left out ${layer.what}`,
    hint: "nothing to do",
  };
}
