/** Addresses of files, as the API signs them. */

const OWN = /^\/(?:media|storage)\//;

/**
 * The same address by the name that this page came from: the policy lets it read and send nowhere else.
 * What leads to an S3 store stays as it is.
 */
export function fromHere(url: string): string {
  const { pathname, search, searchParams } = new URL(url);
  const own = OWN.test(pathname) && !searchParams.has("X-Amz-Signature");
  return own ? `${window.location.origin}${pathname}${search}` : url;
}
