/** The network in tests: `server.use(http.get("*\/api/v1/jobs", () => HttpResponse.json({ ... })))`. */
import { setupServer } from "msw/node";

export const server = setupServer();
