/**
 * The headers of a request by their names in lower case. What was given more than once is joined as the server joins it.
 * To be asked for the names of headers only: it is a plain object, which knows `constructor`.
 */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/**
 * Reads them all at once: asking the server for one after the other costs more. The server has turned names into lower
 * case.
 */
export function requestHeaders(request: Request): RequestHeaders {
  return request.headers.toJSON();
}
