/** The client's address behind so many trusted proxies: each appends the address it saw to `X-Forwarded-For`. */
const ADDRESS_PATTERN = /^[\da-fA-F:.]{2,45}$/;

/** Null when the socket's own address is the client's: no proxy is trusted, or none wrote the header. */
export function forwardedAddress(header: string | undefined, trustedProxies: number): string | null {
  if (trustedProxies === 0 || header === undefined) return null;
  const addresses = header.split(',').map((part) => part.trim());
  const address = addresses[Math.max(0, addresses.length - trustedProxies)] ?? '';
  return ADDRESS_PATTERN.test(address) ? address : null;
}
