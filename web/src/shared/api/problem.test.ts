import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { ApiProblem, jobsShow } from "@/shared/api";
import { server } from "@/testing/server";

const ask = () => jobsShow({ path: { job_id: "1" }, throwOnError: true });

test("a problem of the API keeps its code, its sentence and the next move", async () => {
  const body = { code: "job_not_found", detail: "there is no job '1'", hint: "see the list", errors: [] };
  server.use(http.get("*/api/v1/jobs/1", () => HttpResponse.json(body, { status: 404 })));

  const problem = await ask().catch((error: unknown) => error);

  expect(problem).toBeInstanceOf(ApiProblem);
  expect(problem).toMatchObject({ status: 404, code: "job_not_found", hint: "see the list", passing: false });
});

test("a network that does not answer is a problem that passes", async () => {
  server.use(http.get("*/api/v1/jobs/1", () => HttpResponse.error()));

  expect(await ask().catch((error: unknown) => error)).toMatchObject({ code: "no_answer", passing: true });
});
