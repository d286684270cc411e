/** What the promise rejects with; `undefined` when it does not. */
export async function failureOf(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}
