/** Members whose values decide over choices, tiers and minimums. */
export type Kept =
  | "choices"
  | "best_of"
  | "prompt"
  | "tier"
  | "speed"
  | "place"
  | "prediction"
  | "thinking_budget"
  | "quality"
  | "size"
  | "partial_images";
