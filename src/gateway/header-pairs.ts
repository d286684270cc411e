/** Headers as they stand on the wire, one entry for each line; names in lower case. */
export type HeaderPairs = (readonly [string, string])[];
