import { expect, test } from "vitest";
import { changed } from "./general";
import { rulesOf, sentenceOf, storedOf } from "./rules";

test("rules come back from the form as they went in, and no rule at all is null", () => {
  const stored = { videos_days: 400, originals_days: 0, artifacts_days: { proxy: 14, stream: 30 } };

  expect(storedOf(rulesOf(stored))).toEqual(stored);
  expect(storedOf(rulesOf(null))).toBeNull();
  expect(storedOf({ ...rulesOf(stored), videos_days: "" })).not.toHaveProperty("videos_days");
});

test("rules are told in a sentence", () => {
  expect(sentenceOf(null)).toBe("Everything is kept.");
  expect(sentenceOf({ keep_newest: 10, artifacts_days: { proxy: 14 } })).toBe(
    "Keeps the newest 10 videos of each collection, each proxy for 14 days.",
  );
});

test("only what differs is sent: managers may not send names and quotas", () => {
  const before = { name: "main", title: "Main", pipeline: "proxy", quota_bytes: 5 };

  expect(changed(before, { ...before, title: "Harbour" })).toEqual({ title: "Harbour" });
  expect(changed(before, { ...before, quota_bytes: null })).toEqual({ quota_bytes: null });
});
