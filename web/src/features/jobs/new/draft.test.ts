import { expect, test } from "vitest";
import { type Draft, requestOf } from "./draft";
import { recipesOf } from "./recipes";

const DRAFT: Draft = { videos: ["a"], sides: {}, work: undefined, values: {}, priority: 5, reuse: true };

test("joined videos are named in their order", () => {
  const request = requestOf({ ...DRAFT, videos: ["a", "b"], work: { is: "operation", name: "concat" } });

  expect(request).toEqual({
    video: "a",
    operation: { op: "concat", sources: ["input", "input2"] },
    inputs: { input2: "b" },
  });
});

test("a pipeline's fields are named by their steps, and side files only where they are used", () => {
  const work = { is: "pipeline", name: "publish" } as const;
  const request = requestOf({
    ...DRAFT,
    work,
    values: { ladder: { crf: 22 } },
    sides: { music: "m" },
    priority: 7,
  });

  expect(request).toEqual({ video: "a", pipeline: "publish", settings: { "ladder.crf": 22 }, priority: 7 });
});

test("recipes quote what a shell would read otherwise", () => {
  const operation = { op: "filter", chain: [{ filter: "text", text: "a b" }], profile: "it's" };
  const [cli, curl] = recipesOf({ video: "a", operation }, { input: "-my film.mp4" }, "http://host");

  expect(cli?.text).toBe(
    "framemill filter './-my film.mp4' '--profile=it'\\''s' --chain 'text text='\\''a b'\\'''",
  );
  expect(curl?.text).toContain("it'\\''s");
});
