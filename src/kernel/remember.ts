/**
 * Puts what was worked out for a key beside it, and gives it. A map that holds `most` forgets everything first: keys come
 * from callers, providers and other strangers, and what is kept only to be quick must not grow with them.
 */
export function remember<Key, Value>(known: Map<Key, Value>, most: number, key: Key, value: Value): Value {
  if (known.size >= most) known.clear();
  known.set(key, value);
  return value;
}
