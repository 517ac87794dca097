/** What went wrong with a request: the API's problem, or a network that did not carry it. */
import type { Problem as ProblemBody } from "./generated/types.gen";

export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  /** 0: no answer came. */
  readonly status: number;
  readonly code: string;
  readonly hint: string | null;
  readonly faults: ReadonlyArray<{ field: string; message: string }>;
  readonly correlationId: string;

  constructor(body: Partial<ProblemBody>, status: number) {
    super(body.detail ?? "The server's answer cannot be understood.");
    this.status = status;
    this.code = body.code ?? "unknown_answer";
    this.hint = body.hint ?? null;
    this.faults = body.errors ?? [];
    this.correlationId = body.correlation_id ?? "";
  }

  /** No answer came: it may go through later as it is. */
  get offline(): boolean {
    return this.status === 0;
  }

  /** Worth trying again unchanged. */
  get passing(): boolean {
    return this.offline || [408, 429, 500, 502, 503, 504].includes(this.status);
  }
}

/** The problem in whatever was thrown. */
export function problemOf(thrown: unknown, status = 0): ApiProblem {
  if (thrown instanceof ApiProblem) return thrown;
  if (status === 0 && !(thrown instanceof TypeError) && thrown instanceof Error) {
    return new ApiProblem({ code: "page_defect", detail: thrown.message, hint: "Reload the page." }, 500);
  }
  if (status === 0) {
    return new ApiProblem(
      { code: "no_answer", detail: "The server cannot be reached.", hint: "It is tried again by itself." },
      0,
    );
  }
  return new ApiProblem(typeof thrown === "object" && thrown !== null ? thrown : {}, status);
}

/** Messages by field, as forms want them: `body.name` becomes `name`. */
export function faultsByField(problem: ApiProblem): Record<string, string> {
  return Object.fromEntries(
    problem.faults.map(({ field, message }) => [field.replace(/^body\./, ""), message]),
  );
}
