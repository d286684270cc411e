/** `localhost`, its subdomains, 127.0.0.0/8 and ::1, as a URL holds them: bytes that never leave the machine. */
export function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
