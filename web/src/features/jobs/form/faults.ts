/** Which field a refusal of the server is about. */
import type { ApiProblem } from "@/shared/api";

/** Messages by path, such as `start` or `chain.0.x`; what belongs to no field is under the empty path. */
export type Faults = Readonly<Record<string, string>>;

export function faultsOf(problem: ApiProblem, step: string): Faults {
  if (problem.code !== "invalid_spec") return {};
  const parts = problem.message.split(": ");
  const start = parts.indexOf(step);
  const path: string[] = [];
  for (const [place, part] of parts.slice(start + 1).entries()) {
    const item = /^item (\d+)(?: \(\w+\))?$/.exec(part);
    if (item === null && !/^[a-z][a-z0-9_]*$/.test(part)) {
      return { [path.join(".")]: parts.slice(start + 1 + place).join(": ") };
    }
    path.push(item === null ? part : String(Number(item[1]) - 1));
  }
  return { "": problem.message };
}
