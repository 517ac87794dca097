/** How requests are sent: to the server that the page came from, with the session's cookie. */
import type { CreateClientConfig } from "./generated/client";

export const createClientConfig: CreateClientConfig = (config) => ({
  ...config,
  baseUrl: window.location.origin,
  credentials: "same-origin",
  // Looked up with each request, so that a test can put a stub in its place.
  fetch: (request) => globalThis.fetch(request),
});
