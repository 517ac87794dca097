import { expect, test } from "vitest";
import { money } from "./money";
import { labelled, roundUp } from "./scale";

test("an axis ends at a round number that nothing is above", () => {
  expect([0, 0.03, 0.7, 1, 3, 5, 6, 41, 99, 101].map(roundUp)).toEqual([
    1, 0.05, 1, 1, 4, 5, 10, 50, 100, 200,
  ]);
});

test("as many marks are labelled as there is room for, the first always", () => {
  expect(labelled(7, 6)).toEqual([0, 2, 4, 6]);
  expect(labelled(3, 6)).toEqual([0, 1, 2]);
  expect(labelled(0, 6)).toEqual([]);
});

test("a currency may be any word, or none", () => {
  expect(money(12.4, "EUR")).toContain("12.40");
  expect(money(0.0123, "EUR")).toContain("0.0123");
  expect(money(2, "credits")).toBe("2 credits");
  expect(money(2, "")).toBe("2");
});
