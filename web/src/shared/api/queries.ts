/** How answers are kept: when they are asked for again, and what becomes of problems. */
import { MutationCache, QueryCache, QueryClient, type QueryFilters } from "@tanstack/react-query";
import { type ApiProblem, problemOf } from "./problem";

/** Names of requests, as in the SDK: `jobsList`. */
export type QueryIds = ReadonlyArray<string>;

/** A filter for `invalidateQueries` and the like: all answers to these requests, whatever they asked for. */
export function apiQueries(...ids: string[]): QueryFilters {
  return { predicate: ({ queryKey }) => ids.includes(idOf(queryKey)) };
}

function idOf(key: readonly unknown[]): string {
  const [first] = key;
  return typeof first === "object" && first !== null && "_id" in first ? String(first._id) : "";
}

/** A client that tells `onProblem` of every problem; it decides what signing out means. */
export function queryClientFor(onProblem: (problem: ApiProblem) => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: (error) => onProblem(problemOf(error)) }),
    mutationCache: new MutationCache({ onError: (error) => onProblem(problemOf(error)) }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        retry: (failures, error) => problemOf(error).passing && failures < 3,
        retryDelay: (failures) => Math.min(1000 * 2 ** failures, 15_000),
      },
      // What changes something is sent once; a dropped network pauses it until there is one again.
      mutations: { retry: false },
    },
  });
}
