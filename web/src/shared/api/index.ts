/** The API: typed requests, their query options, and their problems. Generated from web/openapi.json. */
import { client } from "./generated/client.gen";
import { problemOf } from "./problem";

client.interceptors.error.use((error, response) => problemOf(error, response?.status ?? 0));

export { fromHere } from "./addresses";
export * from "./generated/@tanstack/react-query.gen";
export * from "./generated/sdk.gen";
export type * from "./generated/types.gen";
export { ApiProblem, faultsByField, problemOf } from "./problem";
export { apiQueries, type QueryIds, queryClientFor } from "./queries";
