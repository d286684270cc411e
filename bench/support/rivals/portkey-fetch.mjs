// Portkey's npm package adds headers to the answer of `fetch` when it streams, which Node refuses ("immutable"): without
// this, its streams are answered with 500. Answers that are no streams are left as they are.
const fetchOfNode = globalThis.fetch;

globalThis.fetch = async (...args) => {
  const answer = await fetchOfNode(...args);
  if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) return answer;
  return new Response(answer.body, { status: answer.status, headers: new Headers(answer.headers) });
};
