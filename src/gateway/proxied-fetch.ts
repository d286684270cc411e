import { AppError } from "../kernel/index.ts";
import { createAddressRules } from "./addresses.ts";
import type { Fetch } from "./forward.ts";

/**
 * `fetch` by way of the proxy of the setting `outboundProxy`, for https to public addresses. It asks the proxy for a
 * tunnel (CONNECT) to the provider's name, because proxies decide by names; inside it the certificate is checked
 * against that name, so that neither the proxy nor what it resolves the name to gets to see a key. Plain http is never
 * given to it: it would read along. This machine and private networks are called directly.
 * @throws AppError `invalid_input` when the setting is no bare http or https origin.
 */
export function proxiedFetch(fetch: Fetch, proxy: string): Fetch {
  const origin = proxyOrigin(proxy);
  const rules = createAddressRules();
  const isOutside = ({ protocol, hostname }: URL) => {
    const address = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
    // What is no address counts as private: whoever calls has looked the name up and checked where it leads.
    return protocol === "https:" && !rules.isPrivate(address);
  };
  return async (text, init) => {
    const url = new URL(text);
    if (!isOutside(url)) return await fetch(text, init);
    const { tls } = init as { readonly tls?: { readonly serverName?: string } };
    if (tls?.serverName !== undefined) url.hostname = tls.serverName;
    // Bun's own option; without it, or with `false`, the proxy of the environment does not count either.
    return await fetch(url.href, { ...init, proxy: origin } as RequestInit);
  };
}

function proxyOrigin(text: string): string {
  const url = URL.parse(text);
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  if (isHttp && url.href === `${url.origin}/`) return url.origin;
  throw new AppError("invalid_input", '"outboundProxy" is not the address of a proxy', {
    hint: "http://HOST:PORT, without user, password and path: ownkey config set outboundProxy http://proxy.example.com:3128",
  });
}
